import type { Format } from "../score/format";
import { Label, letter } from "./Figure";
import { digitsOf, extent, linear, ticks, wrap } from "./scale";

/** A point of a line. */
export interface Point {
  /** Where it stands along the axis. */
  readonly at: number;
  /** Missing where nothing is known, which is not 0: the line breaks. */
  readonly value: number | undefined;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
  /** Whether only a part of it is known; such points are hollow. */
  readonly partial?: boolean;
}

/** A line with its name. */
export interface Line {
  readonly id: string;
  readonly label: string;
  /** A colour of the page's style. */
  readonly colour: string;
  readonly dashed?: boolean;
  readonly points: readonly Point[];
}

/** Something that happened, as a line across. */
export interface Mark {
  readonly id: string;
  readonly at: number;
  readonly label: string;
}

interface Lines {
  readonly lines: readonly Line[];
  readonly marks?: readonly Mark[];
  /** What a place along the axis is called. */
  readonly place: (at: number) => string;
  /** What the other axis tells, with its unit. */
  readonly axis: string;
  /** What is written where nothing is known. */
  readonly gap?: string;
}

const height = 190;

/** Lines over a common axis, with what happened marked; where nothing is known of the first of them, the ground says so. */
export function drawLines({ lines, marks = [], place, axis, gap }: Lines, format: Format, width: number) {
  const points = lines.flatMap((line) => line.points);
  const known = points.flatMap(({ value, lower, upper }) =>
    value === undefined ? [] : [value, lower ?? value, upper ?? value],
  );
  const [low, high] = extent(known, 0.08);
  const scale = ticks(low, high, 4);
  const written = scale.map((tick) => format.fixed(tick, digitsOf(scale)));
  const left = 14 + Math.max(...written.map((text) => text.length)) * letter;
  const ats = [...new Set([...points.map(({ at }) => at), ...marks.map(({ at }) => at)])].toSorted((a, b) => a - b);
  const [first = 0] = ats;
  const last = ats.at(-1) ?? 1;
  const steps = points.length > 1 ? (last - first) / Math.max(1, new Set(points.map(({ at }) => at)).size - 1) : 1;
  const top = marks.length > 0 ? 22 : 6;
  const x = linear([first, last], [left + 8, width - 12]);
  const at = (value: number) => (first === last ? (left + width) / 2 : x(value));
  const y = linear([low, high], [top + height - 20, top]);
  const each = Math.max(1, Math.ceil(64 / Math.max(1, Math.abs(at(first + steps) - at(first)))));
  const named = [...new Set(lines.flatMap((line) => line.points.map((point) => point.at)))].toSorted((a, b) => a - b);
  const bottom = top + height;
  const halfStep = Math.max(2, Math.abs(at(first + steps) - at(first)) / 2);
  const empty = gap === undefined ? [] : (lines[0]?.points.filter(({ value }) => value === undefined) ?? []);
  const content = (
    <>
      {empty.map((point) => (
        <rect
          key={point.at}
          x={at(point.at) - halfStep}
          y={top}
          width={halfStep * 2}
          height={height - 20}
          fill="var(--line)"
          opacity="0.6"
        >
          <title>{gap}</title>
        </rect>
      ))}
      {scale.map((tick, i) => (
        <g key={tick}>
          <line x1={left} x2={width} y1={y(tick)} y2={y(tick)} stroke={tick === 0 ? "var(--muted)" : "var(--line)"} />
          <text x={left - 6} y={y(tick) + 4} textAnchor="end" fontSize="11" fill="var(--muted)">
            {written[i]}
          </text>
        </g>
      ))}
      {named.map(
        (value, i) =>
          i % each === 0 && (
            <text
              key={value}
              x={at(value)}
              y={bottom}
              textAnchor={i === 0 && lines.length > 0 ? "start" : "middle"}
              fontSize="11"
              fill="var(--muted)"
            >
              {at(value) > width - 24 ? "" : place(value)}
            </text>
          ),
      )}
      {marks.map((mark) => {
        const right = at(mark.at) < width * 0.6;
        const room = right ? width - at(mark.at) : at(mark.at) - left;
        return (
          <g key={mark.id}>
            <line
              x1={at(mark.at)}
              x2={at(mark.at)}
              y1={6}
              y2={bottom - 20}
              stroke="var(--bad)"
              strokeWidth="1.5"
              strokeDasharray="5 3"
            />
            <text x={at(mark.at) + (right ? 5 : -5)} y="14" textAnchor={right ? "start" : "end"} fontSize="11">
              {wrap(mark.label, Math.max(6, Math.floor(room / letter)), 1)[0]}
            </text>
          </g>
        );
      })}
      {lines.map((line) => (
        <g key={line.id}>
          {line.points.map(
            ({ at: where, value, lower, upper }) =>
              value !== undefined &&
              lower !== undefined &&
              upper !== undefined && (
                <path
                  key={where}
                  d={`M${at(where) - 4} ${y(lower)}h8m-4 0V${y(upper)}m-4 0h8`}
                  stroke={line.colour}
                  opacity="0.6"
                  fill="none"
                />
              ),
          )}
          <path
            d={pathOf(line.points, at, y)}
            stroke={line.colour}
            strokeWidth="2"
            strokeDasharray={line.dashed ? "6 4" : undefined}
            fill="none"
          />
          {line.points.map(
            (point) =>
              point.value !== undefined && (
                <circle
                  key={point.at}
                  cx={at(point.at)}
                  cy={y(point.value)}
                  r="3"
                  stroke={line.colour}
                  fill={point.partial ? "var(--card)" : line.colour}
                />
              ),
          )}
        </g>
      ))}
      {legend(lines, axis, bottom + 18, width)}
    </>
  );
  return { height: bottom + 18 + (lines.length > 1 ? lines.length * 16 : 0) + 16, content };
}

/** What the lines are: with one of them what the axis tells is enough. */
function legend(lines: readonly Line[], axis: string, top: number, width: number) {
  const most = Math.floor(width / letter);
  return (
    <>
      {lines.length > 1 &&
        lines.map((line, i) => (
          <g key={line.id}>
            <line
              x1="0"
              x2="26"
              y1={top + i * 16}
              y2={top + i * 16}
              stroke={line.colour}
              strokeWidth="2.5"
              strokeDasharray={line.dashed ? "6 4" : undefined}
            />
            <Label x={34} y={top + i * 16} lines={wrap(line.label, most - 5, 1)} end={false} />
          </g>
        ))}
      <text y={top + (lines.length > 1 ? lines.length * 16 : 0) + 4} fontSize="11" fill="var(--muted)">
        {wrap(axis, most, 1)[0]}
      </text>
    </>
  );
}

/** A path through the points that are known; it begins anew behind each gap. */
function pathOf(points: readonly Point[], at: (value: number) => number, y: (value: number) => number): string {
  let path = "";
  let open = false;
  for (const point of points) {
    if (point.value === undefined) {
      open = false;
      continue;
    }
    path += `${open ? "L" : "M"}${at(point.at).toFixed(1)} ${y(point.value).toFixed(1)}`;
    open = true;
  }
  return path;
}
