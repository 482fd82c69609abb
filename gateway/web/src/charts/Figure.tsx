import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAction } from "../app/action";
import { Problem } from "../app/Problem";
import { saveDrawing, savePicture } from "./save";
import { wrap } from "./scale";

/** A width before the page has been laid out. */
const firstWidth = 640;

/** About how wide a letter of the size of labels is. */
export const letter = 7;

const line = 16;

interface Props {
  /** What the chart shows; it stands in the picture, so that the picture can be shown alone. */
  title: string;
  /** What its numbers rest on; likewise. */
  foot: string;
  /** What the chart shows, for those who do not see it. */
  summary: string;
  /** What the files are called that it is saved as. */
  file: string;
  /** Draws at a width below the title, and tells how high it is. */
  draw: (width: number) => { height: number; content: ReactNode };
  /** What else can be saved, such as the table. */
  more?: ReactNode;
}

/** A chart with its title, what it rests on, and the ways to save it. */
export function Figure({ title, foot, summary, file, draw, more }: Props) {
  const { t } = useTranslation();
  const holder = useRef<HTMLDivElement>(null);
  const drawing = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(firstWidth);
  const action = useAction();
  useEffect(() => {
    const element = holder.current;
    if (element === null || typeof ResizeObserver === "undefined") {
      return;
    }
    const measure = () => setWidth(Math.max(280, Math.floor(element.clientWidth)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const characters = Math.floor(width / letter);
  const head = wrap(title, Math.floor(characters * 0.88), 3);
  const bottom = wrap(foot, Math.floor(characters * 1.1), 4);
  const { height, content } = draw(width);
  const top = head.length * line + 8;
  const whole = top + height + bottom.length * 14 + 8;
  const save = (as: (name: string, drawing: SVGSVGElement) => void | Promise<void>) =>
    void action.run(async () => {
      if (drawing.current !== null) {
        await as(file, drawing.current);
      }
    });
  return (
    <figure className="drawn">
      <div ref={holder}>
        <svg
          ref={drawing}
          role="img"
          aria-label={summary}
          viewBox={`0 0 ${width} ${whole}`}
          width={width}
          height={whole}
          fontFamily="system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
          fontSize="12"
          fill="var(--text)"
        >
          <rect width={width} height={whole} fill="var(--card)" />
          <text y="13" fontSize="13" fontWeight="600">
            {head.map((part, i) => (
              <tspan key={part} x="0" dy={i === 0 ? 0 : line}>
                {part}
              </tspan>
            ))}
          </text>
          <g transform={`translate(0 ${top})`}>{content}</g>
          <text y={top + height + 14} fontSize="11" fill="var(--muted)">
            {bottom.map((part, i) => (
              <tspan key={part} x="0" dy={i === 0 ? 0 : 14}>
                {part}
              </tspan>
            ))}
          </text>
        </svg>
      </div>
      {action.error !== undefined && <Problem error={action.error} />}
      <fieldset className="saving" aria-label={t("charts.save")}>
        <span className="muted">{t("charts.save")}</span>
        {more}
        <button type="button" className="quiet" onClick={() => save(saveDrawing)}>
          SVG
        </button>
        <button type="button" className="quiet" onClick={() => save(savePicture)}>
          PNG
        </button>
      </fieldset>
    </figure>
  );
}

/** A label of several lines that ends at x and is centred on y. */
export function Label({ x, y, lines, end = true }: { x: number; y: number; lines: readonly string[]; end?: boolean }) {
  return (
    <text textAnchor={end ? "end" : "start"} y={y + 4 - ((lines.length - 1) * 14) / 2}>
      {lines.map((part, i) => (
        <tspan key={part} x={x} dy={i === 0 ? 0 : 14}>
          {part}
        </tspan>
      ))}
    </text>
  );
}
