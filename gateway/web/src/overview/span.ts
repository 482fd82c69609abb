import type { TimeGrain } from "../api/types";
import type { Address } from "../app/address";
import { dayText } from "../score/period";

/** So many days are shown where the address names none: four whole weeks. */
export const usual = 28;

/** The lengths that are offered, in days. */
export const lengths = [7, 28, 91, 365] as const;

/** The first and the last day of so many days that end today. */
export function lately(days: number, now: Date): { from: string; to: string } {
  return {
    from: dayText(new Date(now.getFullYear(), now.getMonth(), now.getDate() - days + 1)),
    to: dayText(now),
  };
}

/** The days that the address means: the last four weeks where it names none, and everything where it says so. */
export function spanOf({ from, to }: Pick<Address, "from" | "to">, now: Date): { from: string; to: string } {
  if (from === everything) {
    return { from: "", to: "" };
  }
  return from === "" && to === "" ? lately(usual, now) : { from, to };
}

/** What the address says of all answers there are; nothing at all means the usual days. */
export const everything = "all";

/** The length of steps for so many days: as short as can be read at a glance. */
export function grainOf({ from, to }: { from: string; to: string }): TimeGrain {
  const days = daysOf(from, to);
  if (days === undefined) {
    return "TIME_GRAIN_MONTH";
  }
  return days <= 35 ? "TIME_GRAIN_DAY" : days <= 200 ? "TIME_GRAIN_WEEK" : "TIME_GRAIN_MONTH";
}

/** How many steps there are at most in so many days; enough for years where the days have no end. */
export function stepsOf({ from, to }: { from: string; to: string }): number {
  const days = daysOf(from, to);
  if (days === undefined) {
    return 60;
  }
  return Math.min(60, days <= 35 ? days : days <= 200 ? Math.ceil(days / 7) + 1 : Math.ceil(days / 28) + 1);
}

function daysOf(from: string, to: string): number | undefined {
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
  return days > 0 ? days : undefined;
}
