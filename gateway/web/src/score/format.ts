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

/**
 * Languages that not every browser can format (Chromium has no Kyrgyz), and one that writes numbers in the same way. Names of months would
 * be in the wrong language: dates are then written in digits.
 */
const stands: Readonly<Record<string, string>> = { ky: "ru" };

/** Numbers and times in one language. Formatters are made once; making them is slow. */
export class Format {
  readonly #decimal: Intl.NumberFormat;
  readonly #integer: Intl.NumberFormat;
  readonly #plain: Intl.NumberFormat;
  readonly #moment: Intl.DateTimeFormat;
  readonly #dates = new Map<string, Intl.DateTimeFormat>();
  readonly #fixed = new Map<number, Intl.NumberFormat>();
  readonly #locale: string;
  readonly #words: boolean;

  constructor(
    readonly language: string,
    supported: (language: string) => boolean = (tag) => Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0,
  ) {
    this.#words = supported(language);
    this.#locale = this.#words ? language : (stands[language] ?? language);
    this.#decimal = new Intl.NumberFormat(this.#locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    this.#integer = new Intl.NumberFormat(this.#locale, { maximumFractionDigits: 0 });
    this.#plain = new Intl.NumberFormat(this.#locale, { maximumFractionDigits: 2 });
    this.#moment = new Intl.DateTimeFormat(
      this.#locale,
      this.#words
        ? { dateStyle: "medium", timeStyle: "medium" }
        : { ...digits, hour: "2-digit", minute: "2-digit", second: "2-digit" },
    );
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

  /** A number with so many decimals. */
  fixed(value: number, digits: number): string {
    let format = this.#fixed.get(digits);
    if (format === undefined) {
      format = new Intl.NumberFormat(this.#locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
      this.#fixed.set(digits, format);
    }
    const rounded = Number(value.toFixed(digits));
    return minus(format.format(rounded === 0 ? 0 : rounded));
  }

  /** A number with so many decimals and its sign. */
  signed(value: number, digits: number): string {
    const text = this.fixed(value, digits);
    return Number(value.toFixed(digits)) > 0 ? `+${text}` : text;
  }

  /** A p-value: how small a tiny one is tells nobody anything. */
  probability(p: number): string {
    return p < 0.001 ? `< ${this.fixed(0.001, 3)}` : this.fixed(p, 3);
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
    return this.#date(midnight, this.#words ? { dateStyle: "medium" } : digits);
  }

  /** A calendar day without its year. */
  dayOfYear(midnight: Date): string {
    return this.#date(
      midnight,
      this.#words ? { day: "numeric", month: "short" } : { day: digits.day, month: digits.month },
    );
  }

  /** A calendar month with its year, given as its first midnight in UTC. */
  month(midnight: Date, length: "short" | "long" = "long"): string {
    return this.#date(midnight, { year: "numeric", month: this.#words ? length : digits.month });
  }

  /** A calendar month without its year where that reads well. */
  monthOfYear(midnight: Date): string {
    return this.#words ? this.#date(midnight, { month: "short" }) : this.month(midnight);
  }

  /** A year. */
  year(midnight: Date): string {
    return String(midnight.getUTCFullYear());
  }

  #date(midnight: Date, options: Intl.DateTimeFormatOptions): string {
    const key = JSON.stringify(options);
    let format = this.#dates.get(key);
    if (format === undefined) {
      format = new Intl.DateTimeFormat(this.#locale, { ...options, timeZone: "UTC" });
      this.#dates.set(key, format);
    }
    return format.format(midnight);
  }
}

const digits = { day: "2-digit", month: "2-digit", year: "numeric" } as const;

function minus(text: string): string {
  return text.replace("-", "−");
}
