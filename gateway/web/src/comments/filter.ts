import type { CommentFilter } from "../api/types";
import type { Address } from "../app/address";
import { onComments } from "../score/filter";
import { periodOf } from "../score/period";

/** How long the recent period is that is compared with what was before, in days. */
export const recentDays = 14;

/**
 * The comments that the address means; without its aspect, sentiment and words unless `narrow`. A filter of answers that comments cannot be chosen
 * by is left out.
 */
export function filterOf(address: Address, narrow: boolean): CommentFilter {
  const filter: Record<string, unknown> = { ...onComments(address.filter) };
  const period = periodOf(address.from, address.to);
  if (period !== undefined) {
    filter.period = period;
  }
  if (address.survey !== "") {
    filter.survey = address.survey;
  }
  if (narrow) {
    if (address.aspect !== "") {
      filter.aspect = address.aspect;
    }
    if (address.sentiment !== "") {
      filter.sentiment = address.sentiment;
    }
    if (address.words !== "") {
      filter.query = address.words;
    }
  }
  return filter as CommentFilter;
}

/** A filter as parameters of a URL. */
export function parametersOf(filter: CommentFilter): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    if (typeof value === "object") {
      for (const [inner, part] of Object.entries(value)) {
        parameters.set(`filter.${name}.${inner}`, String(part));
      }
    } else {
      parameters.set(`filter.${name}`, String(value));
    }
  }
  return parameters.toString();
}

/** The recent period that ends at a moment. */
export function recent(end: Date): { startTime: string; endTime: string } {
  const start = new Date(end.getTime() - recentDays * 24 * 60 * 60 * 1000);
  return { startTime: start.toISOString(), endTime: end.toISOString() };
}

/** A text in parts: before, within and after a span of code points. */
export function cut(text: string, span: { start?: number; end?: number } | undefined): [string, string, string] {
  if (span?.end === undefined || span.end === 0) {
    return [text, "", ""];
  }
  const points = Array.from(text);
  return [
    points.slice(0, span.start ?? 0).join(""),
    points.slice(span.start ?? 0, span.end).join(""),
    points.slice(span.end).join(""),
  ];
}
