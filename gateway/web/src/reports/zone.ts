import type { Period } from "../api/types";
import { periodOf } from "../score/period";

const form = /^(\d{4})-(\d{2})-(\d{2})$/;

/** What clocks in a zone show at a moment, as if it were UTC. */
function shown(moment: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(moment);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? "0");
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"));
}

/** The beginning of a day in a zone, `days` later; undefined where that is no day, or the browser does not know the zone. */
export function midnightIn(zone: string, day: string, days: number): Date | undefined {
  const [, year, month, date] = form.exec(day) ?? [];
  if (periodOf(day, "") === undefined || !zones().includes(zone)) {
    return undefined;
  }
  const wanted = Date.UTC(Number(year), Number(month) - 1, Number(date) + days);
  // Twice, since the clocks may be changed between the guess and the moment itself.
  let found = wanted;
  for (let i = 0; i < 2; i++) {
    found += wanted - shown(found, zone);
  }
  return new Date(found);
}

/** The period from the beginning of one day to the end of another in a zone, that of the reader where none is stated; undefined unless both are days. */
export function daysIn(zone: string, from: string, to: string): Period | undefined {
  if (periodOf(from, "") === undefined || periodOf("", to) === undefined) {
    return undefined;
  }
  const start = midnightIn(zone, from, 0);
  const end = midnightIn(zone, to, 1);
  return start === undefined || end === undefined
    ? periodOf(from, to)
    : { startTime: start.toISOString(), endTime: end.toISOString() };
}

/** The time zones that the browser knows, by name. */
export function zones(): readonly string[] {
  return [...Intl.supportedValuesOf("timeZone"), "UTC"];
}

/** The zone of the reader's device. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
