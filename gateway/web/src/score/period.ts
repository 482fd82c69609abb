import type { Period } from "../api/types";

const form = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Midnight at the beginning of a day in the reader's time zone, `days` later; undefined where that is no day. */
function midnight(day: string, days: number): Date | undefined {
  const [, year, month, date] = form.exec(day) ?? [];
  if (year === undefined || month === undefined || date === undefined) {
    return undefined;
  }
  const found = new Date(Number(year), Number(month) - 1, Number(date) + days);
  // The 31st of February would be a day of March.
  return new Date(Number(year), Number(month) - 1, Number(date)).getDate() === Number(date) ? found : undefined;
}

/** The period from the beginning of one day to the end of another, both in the reader's time zone; undefined where neither bounds it. */
export function periodOf(from: string, to: string): Period | undefined {
  const start = midnight(from, 0);
  const end = midnight(to, 1);
  if (start === undefined && end === undefined) {
    return undefined;
  }
  return {
    ...(start === undefined ? {} : { startTime: start.toISOString() }),
    ...(end === undefined ? {} : { endTime: end.toISOString() }),
  };
}

/** A day in the reader's time zone as the address bar has it. */
export function dayText(day: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${String(day.getFullYear()).padStart(4, "0")}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** The days before a period that are as many as it has; undefined unless both its ends are known. */
export function daysBefore(from: string, to: string): { from: string; to: string } | undefined {
  const start = midnight(from, 0);
  const end = midnight(to, 0);
  if (start === undefined || end === undefined || end < start) {
    return undefined;
  }
  // In days rather than hours: where clocks change, not every day has 24.
  const days = Math.round((end.getTime() - start.getTime()) / 86_400_000) + 1;
  return { from: dayText(midnight(from, -days) ?? start), to: dayText(midnight(from, -1) ?? start) };
}
