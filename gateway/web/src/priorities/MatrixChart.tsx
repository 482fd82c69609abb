import { digitsOf, extent, linear, ticks } from "../charts/scale";
import type { Format } from "../score/format";
import type { Placed } from "./numbers";

interface Axes {
  readonly importanceCut: number;
  readonly scoreCut: number;
  readonly importanceTitle: string;
  readonly scoreTitle: string;
  /** The names of the quadrants by priority, from 1. */
  readonly quadrants: readonly string[];
}

const left = 44;
const bottom = 44;

/** Items by importance and score, in quadrants named by what is to be done; those whose place is uncertain are hollow. */
export function drawMatrix(points: readonly Placed[], axes: Axes, pointed: string, format: Format, width: number) {
  const height = Math.round(Math.min(520, Math.max(320, width * 0.62)));
  const ends = (numbers: (point: Placed) => Placed["score"]) => (point: Placed) => {
    const { value, lower, upper } = numbers(point);
    return [value, lower ?? value, upper ?? value];
  };
  const across = extent([axes.importanceCut, ...points.flatMap(ends((p) => p.importance))]);
  const up = extent([axes.scoreCut, ...points.flatMap(ends((p) => p.score))], 0.1);
  const x = linear(across, [left, width - 6]);
  const y = linear(up, [height - bottom, 4]);
  const [cutX, cutY] = [x(axes.importanceCut), y(axes.scoreCut)];
  const [right, low] = [width - 6, height - bottom];
  // The most urgent, and what is pointed at, are drawn last: they lie on top.
  const order = [...points].sort((a, b) => Number(a.id === pointed) - Number(b.id === pointed) || b.number - a.number);
  const marksX = ticks(...across, width < 480 ? 4 : 7);
  const marksY = ticks(...up, 6);
  const quadrant = (priority: number, x0: number, y0: number, x1: number, y1: number) => (
    <g key={priority} fill={`var(--priority-${priority})`}>
      <rect x={x0} y={y0} width={Math.max(0, x1 - x0)} height={Math.max(0, y1 - y0)} opacity="0.07" />
      <text
        x={priority === 1 || priority === 3 ? x1 - 6 : x0 + 6}
        y={priority > 2 ? y0 + 15 : y1 - 7}
        textAnchor={priority === 1 || priority === 3 ? "end" : "start"}
        fontWeight="600"
      >
        {`${priority} ${axes.quadrants[priority - 1]}`}
      </text>
    </g>
  );
  const content = (
    <>
      {quadrant(1, cutX, cutY, right, low)}
      {quadrant(2, left, cutY, cutX, low)}
      {quadrant(3, cutX, 4, right, cutY)}
      {quadrant(4, left, 4, cutX, cutY)}
      {marksX.map((mark) => (
        <text key={mark} x={x(mark)} y={low + 15} textAnchor="middle" fontSize="11" fill="var(--muted)">
          {format.fixed(mark, digitsOf(marksX))}
        </text>
      ))}
      {marksY.map((mark) => (
        <text key={mark} x={left - 6} y={y(mark) + 4} textAnchor="end" fontSize="11" fill="var(--muted)">
          {format.fixed(mark, digitsOf(marksY))}
        </text>
      ))}
      <path d={`M${left} 4V${low}H${right}`} stroke="var(--muted)" fill="none" />
      <path d={`M${cutX} 4V${low}M${left} ${cutY}H${right}`} stroke="var(--muted)" strokeDasharray="5 4" />
      <text x={right} y={low + 34} textAnchor="end" fill="var(--muted)">
        {axes.importanceTitle} →
      </text>
      <text transform={`translate(11 ${low}) rotate(-90)`} fill="var(--muted)">
        {axes.scoreTitle} →
      </text>
      {order.map((point) => (
        <Mark key={point.id} point={point} x={x} y={y} pointed={point.id === pointed} />
      ))}
    </>
  );
  return { height, content };
}

/** The outlines of marks by priority: not everybody tells colours apart. */
const outlines: Readonly<Record<number, string>> = {
  1: "M-10 0a10 10 0 1 0 20 0a10 10 0 1 0 -20 0z",
  2: "M0 -12L12 9H-12z",
  3: "M-9 -9H9V9H-9z",
  4: "M0 -13L13 0L0 13L-13 0z",
};

/** The outline of a mark. */
export function outlineOf(priority: number): string {
  return outlines[priority] ?? "";
}

interface MarkProps {
  point: Placed;
  x: (value: number) => number;
  y: (value: number) => number;
  pointed: boolean;
}

function Mark({ point, x, y, pointed }: MarkProps) {
  const { importance, score, item } = point;
  const priority = item.priority ?? 0;
  const colour = `var(--priority-${priority})`;
  const [atX, atY] = [x(importance.value), y(score.value)];
  const dashes = item.stable ? undefined : "3 2";
  return (
    <g>
      <g stroke={colour} strokeDasharray={dashes} opacity={pointed ? 1 : 0.55} strokeWidth={pointed ? 2.5 : 1.2}>
        {importance.lower !== undefined && importance.upper !== undefined && (
          <line x1={x(importance.lower)} x2={x(importance.upper)} y1={atY} y2={atY} />
        )}
        {score.lower !== undefined && score.upper !== undefined && (
          <line x1={atX} x2={atX} y1={y(score.lower)} y2={y(score.upper)} />
        )}
      </g>
      <g transform={`translate(${atX} ${atY})`}>
        <path
          d={outlineOf(priority)}
          fill={item.stable ? colour : "var(--card)"}
          stroke={pointed ? "var(--text)" : colour}
          strokeWidth={pointed ? 3 : 1.6}
          strokeDasharray={pointed ? undefined : dashes}
        />
        <text
          textAnchor="middle"
          y={priority === 2 ? 6 : 4}
          fontSize="10"
          fontWeight="600"
          fill={item.stable ? (priority === 2 ? "#1c2526" : "#ffffff") : "var(--text)"}
        >
          {point.number}
        </text>
      </g>
    </g>
  );
}
