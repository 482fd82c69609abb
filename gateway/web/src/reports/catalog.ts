import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { type Resource, useResource } from "../app/hooks";
import type { Report, ReportProfile, Unit } from "./types";

/** The reports that there are, and what belongs to their kinds. */
export interface Catalog {
  readonly reports: readonly Report[];
  readonly kinds: readonly ReportProfile[];
}

/** Reads the reports and their kinds. */
export function useCatalog(client: Client): Resource<Catalog> {
  const load = useCallback(
    async (signal: AbortSignal) => {
      const [reports, kinds] = await Promise.all([
        client.all<Report>("reports", "reports", signal),
        client.all<ReportProfile>("reportKinds", "kinds", signal),
      ]);
      return { reports, kinds };
    },
    [client],
  );
  return useResource(load);
}

/** A collection as a whole. */
export function useAll<T>(client: Client, path: string, field = path, interval = 0): Resource<readonly T[]> {
  const load = useCallback((signal: AbortSignal) => client.all<T>(path, field, signal), [client, path, field]);
  return useResource(load, interval);
}

/** What is known of a report's kind. */
export function profileOf(catalog: Catalog, report: Report | undefined): ReportProfile | undefined {
  return catalog.kinds.find(({ kind }) => kind === report?.kind);
}

/** The report of a name, which may name a version. */
export function reportOf(catalog: Catalog, name: string | undefined): Report | undefined {
  const [plain] = (name ?? "").split("@");
  return catalog.reports.find((report) => report.name === plain);
}

/** What a kind is called. */
export function kindTitle(profile: ReportProfile | undefined, language: string): string {
  return profile?.titles?.[language] ?? profile?.titles?.en ?? "";
}

/** What a report is called: by its own name, or as its kind. */
export function useReportTitle(catalog: Catalog): (report: Report | undefined, name?: string) => string {
  const { i18n } = useTranslation();
  return useCallback(
    (report, name) =>
      report?.displayName || kindTitle(profileOf(catalog, report), i18n.language) || report?.name || (name ?? ""),
    [catalog, i18n.language],
  );
}

const kindOfCollection = {
  locations: "KIND_LOCATION",
  companies: "KIND_COMPANY",
  employees: "KIND_EMPLOYEE",
  regions: "KIND_REGION",
} as const;

type Collection = keyof typeof kindOfCollection;

/** The units of a collection, the first 1,000; nothing of one that is none. */
export function useUnits(client: Client, collection: string, wanted: boolean): Resource<readonly Unit[]> {
  const kind = Object.hasOwn(kindOfCollection, collection) ? kindOfCollection[collection as Collection] : undefined;
  const load = useCallback(
    async (signal: AbortSignal) => {
      const page: { units?: readonly Unit[] } = await client.get(`units?kind=${kind}&pageSize=1000`, signal);
      return page.units ?? [];
    },
    [client, kind],
  );
  return useResource(kind !== undefined && wanted ? load : undefined);
}
