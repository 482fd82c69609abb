import type { AnalysisEstimate, MatrixItem, Scale } from "../api/types";

/** An estimate as charts take it, each of its numbers multiplied. */
export function scaled(estimate: AnalysisEstimate | undefined, factor = 1) {
  const { lower, upper } = estimate?.interval ?? {};
  return {
    value: (estimate?.value ?? 0) * factor,
    lower: lower === undefined ? undefined : lower * factor,
    upper: upper === undefined ? undefined : upper * factor,
  };
}

/** A point of the matrix in the units of its axes. */
export interface Placed {
  readonly item: MatrixItem;
  readonly id: string;
  /** Its number in the chart and in the table. */
  readonly number: number;
  readonly importance: ReturnType<typeof scaled>;
  readonly score: ReturnType<typeof scaled>;
}

/** Where items are drawn: importance that is a part of R² in percent, scores on 0 to 100 where their scales differ. */
export function placed(items: readonly MatrixItem[], derived: boolean, normalized: boolean): readonly Placed[] {
  return items.map((item, i) => ({
    item,
    id: item.question?.question ?? "",
    number: i + 1,
    importance: scaled(item.importance, derived ? 100 : 1),
    score: normalized ? normal(item.score, item.question?.scale) : scaled(item.score),
  }));
}

/** A score on 0 to 100. */
function normal(score: AnalysisEstimate | undefined, scale: Scale | undefined) {
  const least = scale?.min ?? 0;
  const span = (scale?.max ?? 0) - least || 1;
  const { value, lower, upper } = scaled(score);
  const on = (x: number) => (100 * (x - least)) / span;
  return {
    value: on(value),
    lower: lower === undefined ? undefined : on(lower),
    upper: upper === undefined ? undefined : on(upper),
  };
}
