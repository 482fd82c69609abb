import type { Format } from "../score/format";
import { digitsOf, extent, linear, ticks } from "./scale";

/** A step of a trend. */
export interface Step {
  readonly start: Date;
  readonly end: Date;
  readonly value: number;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  /** Whether it is not over yet, so that more answers will come. */
  readonly open: boolean;
}

const height = 120;
const left = 40;

/** A line with its interval as a band. Where a step has no answers the line breaks. */
export function drawTrend(steps: readonly Step[], format: Format, width: number) {
  const first = steps[0];
  const last = steps.at(-1);
  if (first === undefined || last === undefined) {
    return { height: 0, content: null };
  }
  // A step that has only begun has few answers: its interval would leave the others no room.
  const values = steps.flatMap((step) =>
    step.open && steps.length > 1 ? step.value : [step.value, step.lower ?? step.value, step.upper ?? step.value],
  );
  const [low, high] = extent(values, 0.08);
  const middle = (step: Step) => (step.start.getTime() + step.end.getTime()) / 2;
  const x = linear([middle(first), middle(last)], [left + 8, width - 8]);
  const place = linear([low, high], [height - 20, 4]);
  const y = (value: number) => place(Math.min(high, Math.max(low, value)));
  const at = (step: Step) => (steps.length === 1 ? (left + width) / 2 : x(middle(step)));
  const marks = ticks(low, high, 3);
  const content = (
    <>
      {marks.map((mark) => (
        <g key={mark}>
          <line x1={left} x2={width} y1={y(mark)} y2={y(mark)} stroke="var(--line)" />
          <text x={left - 6} y={y(mark) + 4} textAnchor="end" fontSize="11" fill="var(--muted)">
            {format.fixed(mark, digitsOf(marks))}
          </text>
        </g>
      ))}
      {runsOf(steps).map((run) => (
        <g key={run[0]?.start.getTime()}>
          <path d={bandOf(run, at, y)} fill="var(--accent)" opacity="0.18" />
          <path
            d={pathOf(run.map((step) => [at(step), y(step.value)]))}
            stroke="var(--accent)"
            strokeWidth="2"
            fill="none"
          />
          {run.map((step) => (
            <circle
              key={step.start.getTime()}
              cx={at(step)}
              cy={y(step.value)}
              r="3"
              stroke="var(--accent)"
              fill={step.open ? "var(--card)" : "var(--accent)"}
            />
          ))}
          {run.length === 1 && run[0]?.lower !== undefined && run[0].upper !== undefined && (
            <line
              x1={at(run[0])}
              x2={at(run[0])}
              y1={y(run[0].lower)}
              y2={y(run[0].upper)}
              stroke="var(--accent)"
              opacity="0.5"
            />
          )}
        </g>
      ))}
      <text x={left} y={height - 2} fontSize="11" fill="var(--muted)">
        {format.day(dayOf(first.start))}
      </text>
      <text x={width} y={height - 2} textAnchor="end" fontSize="11" fill="var(--muted)">
        {format.day(dayOf(new Date(last.end.getTime() - 1)))}
      </text>
    </>
  );
  return { height, content };
}

/** The day of the reader in which a moment is, as its midnight in UTC. */
function dayOf(moment: Date): Date {
  return new Date(Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate()));
}

/** The steps without a gap between them. Clocks that change make gaps of an hour, which are none. */
function runsOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const runs: Step[][] = [];
  for (const step of steps) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (run !== undefined && before !== undefined && step.start.getTime() - before.end.getTime() < 7_200_000) {
      run.push(step);
    } else {
      runs.push([step]);
    }
  }
  return runs;
}

type Points = readonly (readonly [number, number])[];

function pathOf(points: Points): string {
  return points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

function bandOf(run: readonly Step[], at: (step: Step) => number, y: (value: number) => number): string {
  const whole = run.filter((step) => step.lower !== undefined && step.upper !== undefined);
  if (whole.length < 2) {
    return "";
  }
  const upper: Points = whole.map((step) => [at(step), y(step.upper ?? 0)]);
  const lower: Points = whole.map((step) => [at(step), y(step.lower ?? 0)]);
  return `${pathOf([...upper, ...lower.toReversed()])}Z`;
}
