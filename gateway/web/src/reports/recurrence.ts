import type { TFunction } from "i18next";
import type { Frequency, Recurrence, Weekday } from "./types";

export const frequencies = [
  "FREQUENCY_DAILY",
  "FREQUENCY_WEEKLY",
  "FREQUENCY_MONTHLY",
  "FREQUENCY_QUARTERLY",
  "FREQUENCY_HALF_YEARLY",
  "FREQUENCY_YEARLY",
] as const satisfies readonly Frequency[];

export const weekdays = [
  "WEEKDAY_MONDAY",
  "WEEKDAY_TUESDAY",
  "WEEKDAY_WEDNESDAY",
  "WEEKDAY_THURSDAY",
  "WEEKDAY_FRIDAY",
  "WEEKDAY_SATURDAY",
  "WEEKDAY_SUNDAY",
] as const satisfies readonly Weekday[];

/** How many months there are of which one is taken; 0 where none is. */
export const monthsOf: Readonly<Partial<Record<Frequency, number>>> = {
  FREQUENCY_QUARTERLY: 3,
  FREQUENCY_HALF_YEARLY: 6,
  FREQUENCY_YEARLY: 12,
};

/** Whether something recurs by months rather than by days or weeks. */
export function byMonths(frequency: Frequency | undefined): boolean {
  return frequency !== "FREQUENCY_DAILY" && frequency !== "FREQUENCY_WEEKLY";
}

/** The time of day as fields have it, `08:05`. */
export function timeOf(minutes: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** The minutes since midnight of a time of day; 0 where it is none. */
export function minutesOf(time: string): number {
  const [, hours, minutes] = /^(\d{2}):(\d{2})$/.exec(time) ?? [];
  return Number(hours ?? 0) * 60 + Number(minutes ?? 0);
}

/** When something recurs, in words. */
export function recurrenceText(t: TFunction, of: Recurrence | undefined): string {
  const frequency = of?.frequency ?? "FREQUENCY_DAILY";
  const days = (of?.weekdays ?? []).map((day) => t(`reports.weekday.${day as (typeof weekdays)[number]}`)).join(", ");
  const parts = [t(`reports.frequency.${frequency as (typeof frequencies)[number]}`)];
  if (monthsOf[frequency] !== undefined) {
    parts.push(t("reports.recurrence.month", { n: of?.month || 1 }));
  }
  if (of?.dayOfMonth) {
    parts.push(
      of.dayOfMonth < 0 ? t("reports.recurrence.lastDay") : t("reports.recurrence.day", { day: of.dayOfMonth }),
    );
  } else if (of?.nthWeekday) {
    parts.push(
      of.nthWeekday < 0
        ? t("reports.recurrence.lastWeekday", { days })
        : t("reports.recurrence.nthWeekday", { n: of.nthWeekday, days }),
    );
  } else if (days !== "") {
    parts.push(days);
  }
  parts.push(timeOf(of?.minuteOfDay ?? 0) + (of?.timeZone ? ` (${of.timeZone})` : ""));
  return parts.join(", ");
}

/** What a form was given, as the API takes it: of what does not belong to the frequency nothing is left. */
export function tidied(of: Recurrence): Recurrence {
  const frequency = of.frequency ?? "FREQUENCY_DAILY";
  const months = byMonths(frequency);
  const nth = months && of.nthWeekday ? of.nthWeekday : 0;
  const day = months && nth === 0 ? (of.dayOfMonth ?? 1) : 0;
  const weekdays =
    frequency === "FREQUENCY_WEEKLY" ? (of.weekdays ?? []) : nth === 0 ? [] : (of.weekdays ?? []).slice(0, 1);
  const short = day > 28 || nth === 5;
  return {
    frequency,
    minuteOfDay: of.minuteOfDay ?? 0,
    timeZone: of.timeZone ?? "",
    weekdays,
    dayOfMonth: day,
    nthWeekday: nth,
    month: monthsOf[frequency] === undefined ? 0 : of.month || 1,
    shortMonth: short ? (of.shortMonth ?? "SHORT_MONTH_LAST_DAY") : "SHORT_MONTH_UNSPECIFIED",
  };
}
