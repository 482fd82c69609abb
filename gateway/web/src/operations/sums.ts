import { integer, type OperationSummary } from "../api/types";
import { type Days, dayAfter } from "./query";

/** What was sold in a currency. */
export interface Sold {
  readonly receipts: number;
  readonly revenueMinor: number;
  readonly units: number;
}

/** What was recorded. A number that nothing was recorded of is missing, which is not 0. */
export interface Sums {
  readonly visitors: number | undefined;
  readonly consultations: number | undefined;
  readonly likes: number | undefined;
  readonly dislikes: number | undefined;
  readonly sales: ReadonlyMap<string, Sold>;
  /** On how many days of places each was recorded. */
  readonly visitorDays: number;
  readonly salesDays: number;
  readonly pressDays: number;
}

/** Adds up what was recorded at several places or in several steps. */
export function sumOf(rows: readonly OperationSummary[]): Sums {
  const total = (of: (row: OperationSummary) => number | string | undefined) => {
    const known = rows.map(of).filter((value) => value !== undefined && value !== null);
    return known.length === 0 ? undefined : known.reduce<number>((sum, value) => sum + integer(value), 0);
  };
  const sales = new Map<string, Sold>();
  for (const { currency = "", receipts, revenueMinor, units = 0 } of rows.flatMap((row) => row.sales ?? [])) {
    const before = sales.get(currency) ?? { receipts: 0, revenueMinor: 0, units: 0 };
    sales.set(currency, {
      receipts: before.receipts + integer(receipts),
      revenueMinor: before.revenueMinor + integer(revenueMinor),
      units: before.units + units,
    });
  }
  return {
    visitors: total((row) => row.visitors),
    consultations: total((row) => row.consultations),
    likes: total((row) => row.likes),
    dislikes: total((row) => row.dislikes),
    sales,
    visitorDays: total((row) => row.visitorDays) ?? 0,
    salesDays: total((row) => row.salesDays) ?? 0,
    pressDays: total((row) => row.pressDays) ?? 0,
  };
}

/** What may be drawn over time. */
export const drawable = ["visitors", "revenue", "receipts", "consultations", "likes"] as const;

export type Drawable = (typeof drawable)[number];

/** A number of sums, and on how many days it was recorded. Amounts are of one currency alone. */
export function numberOf(sums: Sums, what: Drawable, currency: string): { value: number | undefined; days: number } {
  switch (what) {
    case "revenue":
      return { value: sums.sales.get(currency)?.revenueMinor, days: sums.salesDays };
    case "receipts":
      return { value: sums.sales.get(currency)?.receipts, days: sums.salesDays };
    case "visitors":
      return { value: sums.visitors, days: sums.visitorDays };
    default:
      return { value: sums[what], days: sums.pressDays };
  }
}

/** The length of steps for so many days of so many places: as short as can be read, and as an answer can hold. */
export function grainOf(days: number, places: number): "day" | "week" | "month" {
  if (days <= 35 && days * places <= 6_000) {
    return "day";
  }
  return days <= 400 && (days / 7) * places <= 12_000 ? "week" : "month";
}

/** The first days of the steps of some days; the first and the last step may be shorter than the others. */
export function stepsOf({ from, to }: Days, grain: "day" | "week" | "month"): readonly string[] {
  const found = [];
  for (let day = from; day <= to; day = dayAfter(day)) {
    const begins =
      grain === "day" ||
      day === from ||
      (grain === "week" ? new Date(`${day}T00:00:00Z`).getUTCDay() === 1 : day.endsWith("-01"));
    if (begins) {
      found.push(day);
    }
  }
  return found;
}
