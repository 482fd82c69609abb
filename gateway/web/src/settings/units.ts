import type { Units } from "../api/types";

/** The kinds of units, in the order in which they are shown. */
export const unitKinds = ["regions", "locations", "companies", "employees"] as const;

export type UnitKind = (typeof unitKinds)[number];

/** Whether somebody is restricted to units. */
export function isRestricted(units: Units | undefined): boolean {
  return unitKinds.some((kind) => (units?.[kind]?.length ?? 0) > 0);
}

/** Reads a list that somebody typed, one to a line. */
export function linesOf(text: string): readonly string[] {
  return [
    ...new Set(
      text
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== ""),
    ),
  ];
}
