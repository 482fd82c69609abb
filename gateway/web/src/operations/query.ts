import type { PerformanceQuery } from "../api/types";
import type { Address } from "../app/address";
import { daysBefore, dayText, periodOf } from "../score/period";

/** So many whole weeks are looked at where the address names no days. */
const usualWeeks = 8;

/** Days, both included, as the address bar has them. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

/** The day so many days after another. */
export function dayAfter(day: string, days = 1): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return dayText(new Date(year, month - 1, date + days));
}

/** The whole weeks, Monday to Sunday, that ended last. */
export function lastWeeks(now: Date, weeks = usualWeeks): Days {
  const monday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - ((now.getDay() + 6) % 7));
  const from = new Date(monday.getFullYear(), monday.getMonth(), monday.getDate() - 7 * weeks);
  return { from: dayText(from), to: dayText(new Date(monday.getFullYear(), monday.getMonth(), monday.getDate() - 1)) };
}

/** The days that the address means: whole weeks that ended last where it names none. Undefined where they are no days, or end before they begin. */
export function daysOf({ from, to }: Pick<Address, "from" | "to">, now: Date): Days | undefined {
  const days = from === "" && to === "" ? lastWeeks(now) : { from, to: to || dayText(now) };
  return daysBefore(days.from, days.to) === undefined ? undefined : days;
}

/** How many days they are. */
export function count({ from, to }: Days): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
}

/** The days before that they are compared with: as many, unless the address names others. Undefined where they do not end before. */
export function baselineOf(
  days: Days,
  { beforeFrom, beforeTo }: Pick<Address, "beforeFrom" | "beforeTo">,
): Days | undefined {
  const before = daysBefore(days.from, days.to);
  const found = { from: beforeFrom || before?.from || "", to: beforeTo || before?.to || "" };
  const known = periodOf(found.from, found.to);
  return known?.startTime !== undefined && known.endTime !== undefined && found.from <= found.to && found.to < days.from
    ? found
    : undefined;
}

/** What the address means as requests have it. */
export function queryOf(days: Days, { region, currency }: Pick<Address, "region" | "currency">): PerformanceQuery {
  return {
    startDate: days.from,
    endDate: dayAfter(days.to),
    ...(region === "" ? {} : { region }),
    ...(currency === "" ? {} : { currency }),
  };
}

/**
 * The days as a period. Days count whole where a period touches them, in the calendar of the service: noon of a day lies on the same day wherever that
 * is, but for the outermost zones of the Pacific.
 */
export function touching({ from, to }: Days): { startTime: string; endTime: string } {
  return { startTime: `${from}T12:00:00Z`, endTime: `${to}T12:00:01Z` };
}

/** The day of a moment in a time zone. */
export function dayIn(moment: string, timeZone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(
    new Date(moment),
  );
}
