import type { Format } from "../score/format";
import { Label, letter } from "./Figure";
import { digitsOf, extent, linear, ticks, wrap } from "./scale";

/** A bar with its interval. */
export interface Bar {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  /** A colour of the page's style. */
  readonly colour: string;
  /** Stands behind the bar, for example n. */
  readonly note: string;
}

const pitch = 38;

/** Bars one below the other, from zero, with their intervals. */
export function drawBars(bars: readonly Bar[], axis: string, format: Format, width: number) {
  // On a narrow page a label stands above its bar, else beside.
  const narrow = width < 520;
  const left = narrow ? 4 : Math.min(260, width * 0.36);
  const noteWidth = Math.max(0, ...bars.map((bar) => bar.note.length)) * letter + 8;
  const step = narrow ? 46 : pitch;
  const values = bars.flatMap((bar) => [bar.value, bar.lower ?? bar.value, bar.upper ?? bar.value]);
  const [low, high] = extent([0, ...values], 0.02);
  const x = linear([low, high], [left, width - noteWidth]);
  const marks = ticks(low, high, narrow ? 4 : 6);
  const digits = digitsOf(marks);
  const bottom = bars.length * step + 6;
  const content = (
    <>
      {marks.map((mark) => (
        <g key={mark}>
          <line x1={x(mark)} x2={x(mark)} y1="0" y2={bottom} stroke={mark === 0 ? "var(--muted)" : "var(--line)"} />
          <text x={x(mark)} y={bottom + 14} textAnchor="middle" fill="var(--muted)" fontSize="11">
            {format.fixed(mark, digits)}
          </text>
        </g>
      ))}
      {bars.map((bar, i) => {
        const y = i * step + (narrow ? 32 : step / 2);
        return (
          <g key={bar.id}>
            {narrow ? (
              <Label x={left} y={i * step + 12} lines={wrap(bar.label, Math.floor(width / letter), 1)} end={false} />
            ) : (
              <Label x={left - 10} y={y} lines={wrap(bar.label, Math.floor((left - 14) / letter), 2)} />
            )}
            <rect
              x={Math.min(x(0), x(bar.value))}
              y={y - 8}
              width={Math.abs(x(bar.value) - x(0))}
              height="16"
              fill={bar.colour}
            />
            {bar.lower !== undefined && bar.upper !== undefined && (
              <path
                d={`M${x(bar.lower)} ${y - 5}v10m0-5H${x(bar.upper)}m0-5v10`}
                stroke="var(--text)"
                strokeWidth="1.5"
                fill="none"
              />
            )}
            <text x={width} y={y + 4} textAnchor="end" fill="var(--muted)" fontSize="11">
              {bar.note}
            </text>
          </g>
        );
      })}
      <text x={width - noteWidth} y={bottom + 32} textAnchor="end" fill="var(--muted)">
        {wrap(axis, Math.floor(width / letter), 1)[0]}
      </text>
    </>
  );
  return { height: bottom + 40, content };
}
