import {
  integer,
  type LocalizedText,
  type Metric,
  type Question,
  type Scale,
  type Score,
  type Variant,
} from "../api/types";

/** The order in which a survey's headline is chosen: the first metric that it has. */
const headlineOrder: readonly Metric[] = ["METRIC_NPS", "METRIC_CSAT", "METRIC_CES", "METRIC_MEAN"];

/** The variant of a metric that is shown large; others are shown beside it. */
const mainVariants: Partial<Record<Metric, Variant>> = {
  METRIC_NPS: "VARIANT_NPS_ANSWERED",
  METRIC_CSAT: "VARIANT_CSAT_SHARE",
  METRIC_CES: "VARIANT_CES_MEAN",
  METRIC_MEAN: "VARIANT_MEAN_SINGLE_QUESTION",
  METRIC_RESPONSE_RATE: "VARIANT_RESPONSE_RATE_OUTCOMES",
};

/**
 * The headline of a survey among its scores: the first metric that has answers, else the first at all; undefined when no question gives one.
 */
export function headlineOf(scores: readonly Score[]): Score | undefined {
  const mains = headlineOrder.map((metric) => mainOf(scores, metric)).filter((score) => score !== undefined);
  return mains.find((score) => score.estimate !== undefined) ?? mains[0];
}

/** The score of a metric in its main variant. */
export function mainOf(scores: readonly Score[], metric: Metric): Score | undefined {
  const ofMetric = scores.filter((score) => score.metric === metric);
  return ofMetric.find((score) => score.variant === mainVariants[metric]) ?? ofMetric[0];
}

/** The other variants of the score's metric on its question and scale, in the server's order. */
export function besideOf(scores: readonly Score[], main: Score): readonly Score[] {
  return scores.filter(
    (score) =>
      score !== main &&
      score.metric === main.metric &&
      score.slice?.question === main.slice?.question &&
      score.scale?.id === main.scale?.id,
  );
}

/** The variant that is shown large for a metric. */
export function mainVariant(metric: Metric): Variant | undefined {
  return mainVariants[metric];
}

/** Whether anybody was recorded who was asked and did not answer. Without that a response rate says nothing. */
export function hasRefusals(score: Score): boolean {
  return refusals(score) > 0;
}

/** How many were asked and did not answer. */
export function refusals(score: Score): number {
  const { counts } = score;
  return integer(counts?.refused) + integer(counts?.dismissed) + integer(counts?.timedOut);
}

/** The metrics that a question can be scored by, the most telling first; none for questions without a scale. */
export function metricsOf(question: Question): readonly Metric[] {
  if (question.nps) {
    return ["METRIC_NPS", "METRIC_MEAN"];
  }
  if (question.csat) {
    return ["METRIC_CSAT", "METRIC_MEAN"];
  }
  if (question.ces) {
    return ["METRIC_CES", "METRIC_MEAN"];
  }
  if (question.rating) {
    return hasStandardCut(question.rating.scale) ? ["METRIC_MEAN", "METRIC_CSAT"] : ["METRIC_MEAN"];
  }
  return [];
}

/** Whether it is agreed which values of a scale count as satisfied. Without a scale a rating is on 1-5. */
function hasStandardCut(scale: Scale | undefined): boolean {
  return scale === undefined || ((scale.min ?? 0) === 1 && [5, 7, 10].includes(scale.max ?? 0));
}

/** What is shown: a question by one metric. */
export interface Choice {
  readonly question: Question;
  readonly metric: Metric;
}

/**
 * The choice to show: the wanted one where the questionnaire has it, else the headline's, else the most telling. Undefined when no question
 * gives a score.
 */
export function choose(
  questions: readonly Question[],
  wanted: { readonly question: string; readonly metric: string },
  headline: Score | undefined,
): Choice | undefined {
  const scored = questions.filter((question) => metricsOf(question).length > 0);
  const byId = (id: string | undefined) => scored.find((question) => question.id === id);
  const wantedMetric = wanted.question === "" ? headline?.metric : wanted.metric;
  const question =
    byId(wanted.question) ??
    byId(headline?.slice?.question) ??
    headlineOrder.map((metric) => scored.find((q) => metricsOf(q)[0] === metric)).find((q) => q);
  if (question === undefined) {
    return undefined;
  }
  const metrics = metricsOf(question);
  const metric = metrics.find((candidate) => candidate === wantedMetric) ?? metrics[0];
  return metric === undefined ? undefined : { question, metric };
}

/** A text in the reader's language, else in the questionnaire's, else in any. */
export function localized(text: LocalizedText | undefined, language: string, fallback: string | undefined): string {
  const texts = text?.texts ?? {};
  return texts[language] ?? texts[fallback ?? ""] ?? Object.values(texts)[0] ?? "";
}
