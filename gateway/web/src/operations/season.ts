import type { TFunction } from "i18next";

const factors = [
  "SEASON_FACTOR_MONTH",
  "SEASON_FACTOR_WORKING_DAY",
  "SEASON_FACTOR_WEEKDAY",
  "SEASON_FACTOR_HOUR",
] as const;

export type Factor = (typeof factors)[number];

export function factorOf(name: string | undefined): Factor {
  return factors.find((factor) => factor === name) ?? "SEASON_FACTOR_MONTH";
}

/** The days of the week and the kinds of days that have words. */
const levels = [
  "working",
  "free",
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
  "m01",
  "m02",
  "m03",
  "m04",
  "m05",
  "m06",
  "m07",
  "m08",
  "m09",
  "m10",
  "m11",
  "m12",
] as const;

/** What a level of a factor is called. */
export function levelTitle(t: TFunction, factor: Factor, level: string): string {
  if (factor === "SEASON_FACTOR_HOUR") {
    return `${level}:00`;
  }
  const key = factor === "SEASON_FACTOR_MONTH" ? `m${level}` : level;
  const known = levels.find((candidate) => candidate === key);
  return known === undefined ? level : t(`operations.seasonality.levelOf.${known}`);
}
