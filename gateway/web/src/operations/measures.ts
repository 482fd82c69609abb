import type { PerformanceOutcome } from "../api/types";
import type { Format } from "../score/format";

/** What places are compared by. */
export const outcomes = [
  "PERFORMANCE_OUTCOME_REVENUE",
  "PERFORMANCE_OUTCOME_VISITORS",
  "PERFORMANCE_OUTCOME_CONVERSION",
  "PERFORMANCE_OUTCOME_AVERAGE_CHECK",
] as const satisfies readonly PerformanceOutcome[];

export type Outcome = (typeof outcomes)[number];

/** The outcome that an address names; revenue where it names none. */
export function outcomeOf(measure: string): Outcome {
  return outcomes.find((outcome) => outcome === measure) ?? outcomes[0];
}

/** How many minor units one of a currency has, as a power of ten. */
export function minorDigits(currency: string): number {
  try {
    const options = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions();
    return options.maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

/** How numbers of the API become those that are shown: each times `factor`, with so many decimals, and the unit behind. */
export interface Measure {
  readonly factor: number;
  readonly digits: number;
  readonly unit: string;
}

/** Amounts in minor units of a currency. */
export function money(currency: string | undefined, digits = 0): Measure {
  const code = currency ?? "";
  return { factor: 10 ** -minorDigits(code), digits, unit: code === "" ? "" : `\u00a0${code}` };
}

/** Parts of one, in percent. */
export const percent: Measure = { factor: 100, digits: 1, unit: "\u00a0%" };

/** The measure of an outcome. */
export function measureOf(outcome: PerformanceOutcome | undefined, currency: string | undefined): Measure {
  switch (outcome) {
    case "PERFORMANCE_OUTCOME_VISITORS":
      return { factor: 1, digits: 1, unit: "" };
    case "PERFORMANCE_OUTCOME_CONVERSION":
      return { ...percent, digits: 2 };
    case "PERFORMANCE_OUTCOME_AVERAGE_CHECK":
      return money(currency, 2);
    default:
      return money(currency);
  }
}

/** A number in its measure; a dash where there is none, which is not 0. */
export function written(format: Format, value: number | undefined, { factor, digits, unit }: Measure): string {
  return value === undefined ? "—" : format.fixed(value * factor, digits) + unit;
}

/** The same with its sign. */
export function change(format: Format, value: number | undefined, { factor, digits, unit }: Measure): string {
  return value === undefined ? "—" : format.signed(value * factor, digits) + unit;
}
