import { integer, type Score, type TimeGrain } from "../api/types";

/** The steps that a trend can be shown in. */
export type TrendGrain = Extract<TimeGrain, "TIME_GRAIN_DAY" | "TIME_GRAIN_WEEK" | "TIME_GRAIN_MONTH">;

export const trendGrains: readonly TrendGrain[] = ["TIME_GRAIN_DAY", "TIME_GRAIN_WEEK", "TIME_GRAIN_MONTH"];

const dayMilliseconds = 86_400_000;

/** The longest step of each grain in days, with an hour for a change of the clock. */
const longestStep: Record<TrendGrain, number> = { TIME_GRAIN_DAY: 1.1, TIME_GRAIN_WEEK: 7.1, TIME_GRAIN_MONTH: 31.1 };

/** One step of a trend. */
export interface Point {
  /** The first calendar day of the step, as its midnight in UTC. */
  readonly day: Date;
  readonly estimate: number;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  readonly n: number;
  readonly score: Score;
}

/** The steps that have an estimate, in the order of time. */
export function pointsOf(scores: readonly Score[]): readonly Point[] {
  const points: Point[] = [];
  for (const score of scores) {
    const start = score.slice?.period?.startTime;
    if (start === undefined || score.estimate === undefined) {
      continue;
    }
    points.push({
      day: calendarDay(new Date(start)),
      estimate: score.estimate,
      lower: score.interval?.lower,
      upper: score.interval?.upper,
      n: integer(score.n),
      score,
    });
  }
  return points.sort((a, b) => a.day.getTime() - b.day.getTime());
}

/**
 * The calendar day that begins at a moment somewhere on earth, as its midnight in UTC. Steps begin at local midnight of the organisation's
 * time zone, which answers do not name; noon of that day falls on the same date in UTC for offsets from -12 to +12 hours.
 */
export function calendarDay(start: Date): Date {
  const noon = start.getTime() + dayMilliseconds / 2;
  return new Date(Math.floor(noon / dayMilliseconds) * dayMilliseconds);
}

/** The columns of a chart: seconds, lower bounds, upper bounds, estimates. null breaks a line. */
export type Columns = [number[], (number | null)[], (number | null)[], (number | null)[]];

/**
 * Makes the columns of a chart. Where steps are missing, a row without values breaks the line: what was not measured is not drawn as if it
 * lay between its neighbours.
 */
export function columnsOf(points: readonly Point[], grain: TrendGrain): Columns {
  const columns: Columns = [[], [], [], []];
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) {
    return columns;
  }
  // Rows without values at the ends keep the first and the last step off the edges.
  const margin = (longestStep[grain] * dayMilliseconds) / 2;
  addRow(columns, first.day.getTime() - margin, null, null, null);
  let before: Point | undefined;
  for (const point of points) {
    if (before !== undefined && point.day.getTime() - before.day.getTime() > longestStep[grain] * dayMilliseconds) {
      addRow(columns, (before.day.getTime() + point.day.getTime()) / 2, null, null, null);
    }
    addRow(columns, point.day.getTime(), point.lower ?? null, point.upper ?? null, point.estimate);
    before = point;
  }
  addRow(columns, last.day.getTime() + margin, null, null, null);
  return columns;
}

function addRow(columns: Columns, time: number, lower: number | null, upper: number | null, estimate: number | null) {
  columns[0].push(time / 1000);
  columns[1].push(lower);
  columns[2].push(upper);
  columns[3].push(estimate);
}

/** The ends of what the metric can be, for the axis. */
export function limitsOf(score: Score): readonly [number, number] {
  switch (score.variant) {
    case "VARIANT_CSAT_SHARE":
    case "VARIANT_CES_TOP_BOX":
    case "VARIANT_RESPONSE_RATE_OUTCOMES":
      return [0, 100];
    case "VARIANT_CES_MEAN":
    case "VARIANT_MEAN_SINGLE_QUESTION":
      return score.scale === undefined
        ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
        : [score.scale.min ?? 0, score.scale.max ?? 0];
    case "VARIANT_MEAN_ALL_ANSWERS":
      return [1, 10];
    default:
      return [-100, 100];
  }
}

/** The range of the vertical axis: what is drawn with a little air, which goes hardly beyond what is possible. */
export function axisRange(points: readonly Point[], limits: readonly [number, number]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    low = Math.min(low, point.lower ?? point.estimate);
    high = Math.max(high, point.upper ?? point.estimate);
  }
  if (low > high) {
    return [Number.isFinite(limits[0]) ? limits[0] : 0, Number.isFinite(limits[1]) ? limits[1] : 1];
  }
  const air = Math.max((high - low) * 0.08, 0.05 * Math.max(Math.abs(high), Math.abs(low), 1));
  // A dot on the edge of the possible needs room to be seen.
  const room = (high - low + air) * 0.03;
  return [Math.max(limits[0] - room, low - air), Math.min(limits[1] + room, high + air)];
}
