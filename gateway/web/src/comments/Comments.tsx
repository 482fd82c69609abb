import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { type Aspect, integer, type ThemesAnswer } from "../api/types";
import { type Address, useAddress } from "../app/address";
import { useFormat, useResource } from "../app/hooks";
import { Narrowed } from "../app/Narrowed";
import { Problem } from "../app/Problem";
import { onComments } from "../score/filter";
import { localized } from "../score/pick";
import { CommentList } from "./CommentList";
import { Emerging } from "./Emerging";
import { filterOf } from "./filter";
import { Themes } from "./Themes";

const interval = 30_000;

/** How aspects are called in the reader's language, by name. */
export type Names = ReadonlyMap<string, string>;

/** What customers wrote: strengths and weaknesses, what changes, and the comments themselves. */
export function Comments({ client, may }: { client: Client; may: (permission: string) => boolean }) {
  const { t, i18n } = useTranslation();
  const [address, change] = useAddress();
  const loadSurveys = useCallback((signal: AbortSignal) => client.surveys(signal), [client]);
  const surveys = useResource(loadSurveys);
  const loadAspects = useCallback(
    async (signal: AbortSignal) => (await client.get<{ aspects?: readonly Aspect[] }>("aspects", signal)).aspects ?? [],
    [client],
  );
  const aspects = useResource(loadAspects);
  const names: Names = useMemo(
    () =>
      new Map(
        (aspects.value ?? []).map((aspect) => [
          aspect.name ?? "",
          localized(aspect.displayName, i18n.language, "en") || (aspect.name ?? "").replace("aspects/", ""),
        ]),
      ),
    [aspects.value, i18n.language],
  );
  return (
    <main className="comments panel" aria-label={t("comments.title")}>
      <header className="heading">
        <h1>{t("comments.title")}</h1>
        <label>
          <span className="hidden">{t("comments.survey")}</span>
          <select
            value={address.survey}
            onChange={(e) => change({ survey: e.target.value, aspect: "", sentiment: "", words: "", filter: "" })}
          >
            <option value="">{t("comments.all")}</option>
            {(surveys.value ?? []).map((survey) => (
              <option key={survey.name} value={survey.name}>
                {survey.displayName}
              </option>
            ))}
          </select>
        </label>
      </header>
      <Narrowed address={address} change={change} filterIgnored={onComments(address.filter) === undefined} />
      <Insights {...{ client, may, address, change, names }} />
    </main>
  );
}

interface Props {
  client: Client;
  may: (permission: string) => boolean;
  address: Address;
  change: (part: Partial<Address>) => void;
  names: Names;
}

function Insights({ client, may, address, change, names }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const filter = JSON.stringify(filterOf(address, false));
  const load = useCallback(
    () => client.send<ThemesAnswer>("POST", "comments:themes", { filter: JSON.parse(filter), evidenceCount: 2 }),
    [client, filter],
  );
  const themes = useResource(load, interval);
  if (themes.value === undefined) {
    return themes.error === undefined ? (
      <p role="status">{t("loading")}</p>
    ) : (
      <Problem error={themes.error} retry={themes.reload} />
    );
  }
  if (integer(themes.value.commentCount) === 0) {
    return (
      <div className="card">
        <h2>{t("comments.noneTitle")}</h2>
        <p>{t("comments.noneText")}</p>
      </div>
    );
  }
  return (
    <>
      {themes.error !== undefined && <Problem error={themes.error} />}
      <p className="muted">
        {t("comments.summary", {
          comments: format.integer(integer(themes.value.commentCount)),
          responses: format.integer(integer(themes.value.responseCount)),
        })}
      </p>
      <Themes
        themes={themes.value.themes ?? []}
        names={names}
        chosen={address.aspect}
        choose={(aspect, sentiment) => change({ aspect, sentiment })}
      />
      <Emerging client={client} filter={filter} names={names} />
      {may("comment.comments.list") && <CommentList {...{ client, may, address, change, names }} />}
    </>
  );
}
