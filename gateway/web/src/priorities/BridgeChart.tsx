import { Label, letter } from "../charts/Figure";
import { digitsOf, extent, linear, ticks, wrap } from "../charts/scale";
import type { Format } from "../score/format";
import type { scaled } from "./numbers";

/** A step of a bridge: what its share does, and what its level does. */
export interface Step {
  readonly id: string;
  readonly label: string;
  readonly mix: number;
  readonly level: number;
}

interface Bridge {
  readonly before: ReturnType<typeof scaled>;
  readonly after: ReturnType<typeof scaled>;
  readonly beforeTitle: string;
  readonly afterTitle: string;
  readonly steps: readonly Step[];
  readonly digits: number;
}

/** From the outcome before to the outcome after, step by step: above what changed shares do, below what changed levels do. */
export function drawBridge(bridge: Bridge, format: Format, width: number) {
  const { steps, digits } = bridge;
  const narrow = width < 520;
  const left = narrow ? 4 : Math.min(240, width * 0.34);
  const pitch = narrow ? 50 : 36;
  let at = bridge.before.value;
  const runs = steps.map((step) => {
    const start = at;
    at += step.mix + step.level;
    return { ...step, start, middle: start + step.mix, end: at };
  });
  const ends = [bridge.before, bridge.after].flatMap((end) => [
    end.value,
    end.lower ?? end.value,
    end.upper ?? end.value,
  ]);
  const [low, high] = extent([...ends, ...runs.flatMap((run) => [run.middle, run.end])], 0.04);
  // Amounts of money are long: the numbers at the end of the lines have the room that the longest takes.
  const written = [
    format.fixed(bridge.before.value, digits),
    format.fixed(bridge.after.value, digits),
    ...steps.map((step) => format.signed(step.mix + step.level, digits)),
  ];
  const room = Math.max(56, 12 + Math.max(...written.map((text) => text.length)) * letter * 1.1);
  const x = linear([low, high], [left, width - room]);
  const marks = ticks(low, high, narrow ? 4 : 6);
  const bottom = (steps.length + 2) * pitch;
  const place = (row: number) => row * pitch + (narrow ? 34 : pitch / 2);
  const label = (row: number, text: string) =>
    narrow ? (
      <Label x={left} y={row * pitch + 12} lines={wrap(text, Math.floor(width / letter), 1)} end={false} />
    ) : (
      <Label x={left - 10} y={place(row)} lines={wrap(text, Math.floor((left - 14) / letter), 2)} />
    );
  const figure = (row: number, text: string) => (
    <text x={width} y={place(row) + 4} textAnchor="end" fontWeight="600">
      {text}
    </text>
  );
  const end = (row: number, title: string, value: Bridge["before"]) => (
    <g>
      {label(row, title)}
      {value.lower !== undefined && value.upper !== undefined && (
        <path
          d={`M${x(value.lower)} ${place(row) - 6}v12m0-6H${x(value.upper)}m0-6v12`}
          stroke="var(--muted)"
          strokeWidth="1.5"
          fill="none"
        />
      )}
      <path d={`M${x(value.value)} ${place(row) - 9}l9 9l-9 9l-9 -9z`} fill="var(--muted)" />
      {figure(row, format.fixed(value.value, digits))}
    </g>
  );
  const content = (
    <>
      {marks.map((mark) => (
        <g key={mark}>
          <line x1={x(mark)} x2={x(mark)} y1="0" y2={bottom} stroke="var(--line)" />
          <text x={x(mark)} y={bottom + 14} textAnchor="middle" fontSize="11" fill="var(--muted)">
            {format.fixed(mark, digitsOf(marks))}
          </text>
        </g>
      ))}
      {end(0, bridge.beforeTitle, bridge.before)}
      {runs.map((run, i) => {
        const y = place(i + 1);
        const bar = (from: number, to: number, top: number, fill: string) => (
          <rect x={Math.min(x(from), x(to))} y={top} width={Math.abs(x(to) - x(from))} height="9" fill={fill} />
        );
        return (
          <g key={run.id}>
            {label(i + 1, run.label)}
            <line
              x1={x(run.start)}
              x2={x(run.start)}
              y1={place(i)}
              y2={y + 9}
              stroke="var(--muted)"
              strokeWidth="0.8"
            />
            {bar(run.start, run.middle, y - 9, "var(--mix)")}
            {bar(run.middle, run.end, y, "var(--accent)")}
            {figure(i + 1, format.signed(run.mix + run.level, digits))}
          </g>
        );
      })}
      <line
        x1={x(at)}
        x2={x(at)}
        y1={place(steps.length)}
        y2={place(steps.length + 1)}
        stroke="var(--muted)"
        strokeWidth="0.8"
      />
      {end(steps.length + 1, bridge.afterTitle, bridge.after)}
    </>
  );
  return { height: bottom + 22, content };
}
