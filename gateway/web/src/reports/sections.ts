import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { SectionType } from "./types";

/** What a report may tell, in the order in which it is offered. */
export const sectionTypes = [
  "TYPE_SCORES",
  "TYPE_TREND",
  "TYPE_RESPONSE",
  "TYPE_QUESTIONS",
  "TYPE_UNITS",
  "TYPE_HEAT",
  "TYPE_MAP",
  "TYPE_MATRIX",
  "TYPE_DRIVERS",
  "TYPE_BRIDGE",
  "TYPE_STRENGTHS",
  "TYPE_THEMES",
  "TYPE_LIGHTS",
  "TYPE_WORK_ORDER",
  "TYPE_CASES",
  "TYPE_RECOVERY",
  "TYPE_ALERTS",
  "TYPE_RETENTION",
  "TYPE_REVENUE",
  "TYPE_QUALITY",
  "TYPE_STANDARDS",
  "TYPE_SEASONALITY",
  "TYPE_RESERVE",
  "TYPE_STAFF_KPI",
  "TYPE_POLICIES",
  "TYPE_JOURNEY",
  "TYPE_BENCHMARKS",
] as const satisfies readonly SectionType[];

/** The types of which it may be said by which key units are told apart. */
export const withKey: readonly (SectionType | undefined)[] = [
  "TYPE_UNITS",
  "TYPE_HEAT",
  "TYPE_BRIDGE",
  "TYPE_STRENGTHS",
];

/** The types that explain an outcome, whose question may be named. */
export const withOutcome: readonly (SectionType | undefined)[] = [
  "TYPE_MATRIX",
  "TYPE_DRIVERS",
  "TYPE_BRIDGE",
  "TYPE_STRENGTHS",
];

/** What a section is called. */
export function useSectionTitle(): (type: SectionType | undefined) => string {
  const { t } = useTranslation();
  return useCallback(
    (type) =>
      t(`reports.section.${(type ?? "TYPE_SCORES") as "TYPE_SCORES"}`, {
        // A type that is newer than this page is told by its name.
        defaultValue: (type ?? "").replace("TYPE_", "").toLowerCase().replaceAll("_", " "),
      }),
    [t],
  );
}
