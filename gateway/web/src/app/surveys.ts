import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { Aspect, Revision, Survey } from "../api/types";
import { localized } from "../score/pick";
import { type Resource, useResource } from "./hooks";

/** The surveys that were published, the newest first. */
export function usePublished(client: Client): Resource<readonly Survey[]> {
  const load = useCallback(
    async (signal: AbortSignal) => (await client.surveys(signal)).filter((survey) => survey.currentRevision),
    [client],
  );
  return useResource(load);
}

/** The questionnaire of a survey as it is now. */
export function useRevision(client: Client, survey: Survey): Resource<Revision> {
  const name = survey.currentRevision ?? "";
  const load = useCallback((signal: AbortSignal) => client.revision(name, signal), [client, name]);
  return useResource(load);
}

/** How themes are called in the reader's language, by the name of the aspect; none for those who may not list them. */
export function useAspects(client: Client, may: (permission: string) => boolean): ReadonlyMap<string, string> {
  const { i18n } = useTranslation();
  const allowed = may("comment.aspects.list");
  const load = useCallback(
    async (signal: AbortSignal) => (await client.get<{ aspects?: readonly Aspect[] }>("aspects", signal)).aspects ?? [],
    [client],
  );
  const { value } = useResource(allowed ? load : undefined);
  return useMemo(
    () =>
      new Map(
        (value ?? []).map((aspect) => [aspect.name ?? "", localized(aspect.displayName, i18n.language, "en")] as const),
      ),
    [value, i18n.language],
  );
}
