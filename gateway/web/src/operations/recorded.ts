import type { Client } from "../api/client";
import type { OperationGap, OperationSummary, OperationsAnswer } from "../api/types";
import { type Days, dayIn, touching } from "./query";

/** So many places are told of at once, and so many pages of them are read at most. */
const pageSize = 200;
const mostPages = 10;

/** What was recorded in some days. */
export interface Recorded {
  readonly summaries: readonly OperationSummary[];
  readonly gaps: readonly OperationGap[];
  /** Whether there are more gaps, or more places, than were read. */
  readonly moreGaps: boolean;
  readonly morePlaces: boolean;
  readonly timeZone: string;
}

/** Reads what was recorded, of all places that the caller sees or of those that are named, page by page. */
export async function readRecorded(
  client: Client,
  days: Days,
  grain: "day" | "week" | "month" | undefined,
  places: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Recorded> {
  const summaries: OperationSummary[] = [];
  const gaps: OperationGap[] = [];
  let moreGaps = false;
  let timeZone = "UTC";
  let token = "";
  let page = 0;
  // Names are sent as many at a time as a page has places, so that each of these requests has one page.
  const parts = places === undefined ? undefined : partsOf(places);
  const last = Math.min(mostPages, parts?.length ?? mostPages);
  for (; page < last; page++) {
    const answer: OperationsAnswer = await client.send(
      "POST",
      "operations:query",
      {
        period: touching(days),
        pageSize,
        ...(grain === undefined ? {} : { grain: `TIME_GRAIN_${grain.toUpperCase()}` }),
        ...(parts === undefined ? {} : { locations: parts[page] }),
        ...(token === "" ? {} : { pageToken: token }),
      },
      signal,
    );
    summaries.push(...(answer.summaries ?? []));
    gaps.push(...(answer.gaps ?? []));
    moreGaps ||= answer.moreGaps ?? false;
    timeZone = answer.timeZone || timeZone;
    if (parts === undefined) {
      token = answer.nextPageToken ?? "";
      if (token === "") {
        break;
      }
    }
  }
  return {
    summaries,
    gaps,
    moreGaps,
    morePlaces: parts === undefined ? token !== "" : parts.length > mostPages,
    timeZone,
  };
}

function partsOf(names: readonly string[]): readonly (readonly string[])[] {
  const parts = [];
  for (let i = 0; i < names.length; i += pageSize) {
    parts.push(names.slice(i, i + pageSize));
  }
  return parts;
}

/** So long ago something is looked for at most, in days: the service takes five years at once. */
const longAgo = 1_825;

/** The month in which something was recorded last; undefined where nothing ever was. */
export async function lastRecorded(client: Client, today: Date): Promise<Days | undefined> {
  const day = (date: Date) => date.toISOString().slice(0, 10);
  const from = day(new Date(today.getTime() - longAgo * 86_400_000));
  const answer: OperationsAnswer = await client.send("POST", "operations:query", {
    period: touching({ from, to: day(today) }),
    grain: "TIME_GRAIN_MONTH",
    pageSize: 50,
  });
  const zone = answer.timeZone || "UTC";
  const steps = (answer.summaries ?? []).toSorted((a, b) => (b.startTime ?? "").localeCompare(a.startTime ?? ""));
  const found = steps.find(
    ({ visitorDays = 0, salesDays = 0, pressDays = 0 }) => visitorDays + salesDays + pressDays > 0,
  );
  if (found === undefined) {
    return undefined;
  }
  const end = new Date(Date.parse(found.endTime ?? "") - 1).toISOString();
  return { from: dayIn(found.startTime ?? "", zone), to: dayIn(end, zone) };
}
