import type { Score, Variant } from "../api/types";

/** In what an estimate is counted. */
export type Unit = "points" | "percent" | "scale";

/** The unit of a variant. */
export function unitOf(variant: Variant | undefined): Unit {
  switch (variant) {
    case "VARIANT_CSAT_SHARE":
    case "VARIANT_CES_TOP_BOX":
    case "VARIANT_RESPONSE_RATE_OUTCOMES":
      return "percent";
    case "VARIANT_CES_MEAN":
    case "VARIANT_MEAN_SINGLE_QUESTION":
    case "VARIANT_MEAN_ALL_ANSWERS":
      return "scale";
    default:
      return "points";
  }
}

/** Numbers and times in one language. Formatters are made once; making them is slow. */
export class Format {
  readonly #decimal: Intl.NumberFormat;
  readonly #integer: Intl.NumberFormat;
  readonly #plain: Intl.NumberFormat;
  readonly #moment: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #month: Intl.DateTimeFormat;

  constructor(readonly language: string) {
    this.#decimal = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    this.#integer = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
    this.#plain = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
    this.#moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
    this.#day = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
    this.#month = new Intl.DateTimeFormat(language, { year: "numeric", month: "long", timeZone: "UTC" });
  }

  /** A number with one decimal and a true minus sign. */
  decimal(value: number): string {
    // Without this a tiny negative number would read as minus zero.
    const rounded = Math.round(value * 10) / 10;
    return minus(this.#decimal.format(rounded === 0 ? 0 : rounded));
  }

  /** A whole number, grouped. */
  integer(value: number): string {
    return minus(this.#integer.format(value));
  }

  /** A number with as many decimals as it needs, up to two. */
  plain(value: number): string {
    return minus(this.#plain.format(value));
  }

  /** The estimate with its unit; undefined when there is none: no answers are not a score of 0. */
  estimate(score: Score): string | undefined {
    if (score.estimate === undefined) {
      return undefined;
    }
    const value = this.decimal(score.estimate);
    return unitOf(score.variant) === "percent" ? `${value}\u00a0%` : value;
  }

  /** The parts of an interval; undefined when there is none. */
  interval(score: Score): { level: string; lower: string; upper: string } | undefined {
    const { interval } = score;
    if (interval?.lower === undefined || interval.upper === undefined) {
      return undefined;
    }
    return {
      level: `${this.plain((interval.level ?? 0.95) * 100)}\u00a0%`,
      lower: this.decimal(interval.lower),
      upper: this.decimal(interval.upper),
    };
  }

  /** A scale by its ends, for example `1–5`. */
  scale(score: Score): string {
    const { scale } = score;
    return scale === undefined ? "" : `${this.plain(scale.min ?? 0)}–${this.plain(scale.max ?? 0)}`;
  }

  /** A moment in the reader's own time zone. */
  moment(iso: string): string {
    return this.#moment.format(new Date(iso));
  }

  /** A calendar day, given as its midnight in UTC. */
  day(midnight: Date): string {
    return this.#day.format(midnight);
  }

  /** A calendar month, given as its first midnight in UTC. */
  month(midnight: Date): string {
    return this.#month.format(midnight);
  }
}

function minus(text: string): string {
  return text.replace("-", "−");
}
