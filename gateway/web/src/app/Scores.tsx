import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { ApiError } from "../api/error";
import type { Score } from "../api/types";
import { firstSurvey, loadHeadlines, withFresh } from "../score/headlines";
import { useAddress } from "./address";
import { useResource } from "./hooks";
import { Problem } from "./Problem";
import { SurveyList } from "./SurveyList";
import { SurveyView } from "./SurveyView";

const listInterval = 30_000;

/** The surveys of the key's organisation, and one of them in full. */
export function Scores({ client, refused }: { client: Client; refused: (error: ApiError) => void }) {
  const { t } = useTranslation();
  const [address, change] = useAddress();
  const load = useCallback((signal: AbortSignal) => client.surveys(signal), [client]);
  const surveys = useResource(load, listInterval);

  // A new list with the same surveys is no reason to ask again before it is time.
  const published = (surveys.value ?? []).filter((survey) => survey.currentRevision).map((survey) => survey.name ?? "");
  const names = published.join(",");
  const loaded = surveys.value !== undefined;
  const loadAll = useCallback(
    (signal: AbortSignal) => loadHeadlines(client, names === "" ? [] : names.split(","), signal),
    [client, names],
  );
  const headlines = useResource(loaded ? loadAll : undefined, listInterval);

  // The list must not lag behind what is shown large beside it.
  const [fresh, setFresh] = useState<{ survey: string; score: Score }>();
  const watched = useCallback((survey: string, score: Score) => setFresh({ survey, score }), []);

  const failed = surveys.error;
  const keyRefused = failed?.status === 401 || failed?.status === 403;
  useEffect(() => {
    if (failed !== undefined && keyRefused) {
      refused(failed);
    }
  }, [failed, keyRefused, refused]);
  // Of a refused key the form tells, which comes next.
  const error = keyRefused ? undefined : failed;

  const list = surveys.value;
  if (list === undefined) {
    return (
      <main className="center">
        {error === undefined ? <p role="status">{t("loading")}</p> : <Problem error={error} retry={surveys.reload} />}
      </main>
    );
  }
  if (list.length === 0) {
    return (
      <main className="center">
        <div className="card">
          <h1>{t("surveys.noneTitle")}</h1>
          <p>{t("surveys.noneText")}</p>
          <p>
            <a href="/docs">{t("nav.docs")}</a>
          </p>
        </div>
      </main>
    );
  }
  const shown =
    address.survey === ""
      ? headlines.value && firstSurvey(list, headlines.value)
      : list.find((survey) => survey.name === address.survey);
  return (
    <div className="columns">
      <SurveyList
        surveys={list}
        headlines={withFresh(headlines.value ?? new Map(), fresh?.survey ?? "", fresh?.score)}
        shown={shown?.name ?? ""}
        choose={(survey) => change({ survey, question: "", metric: "", filter: "" })}
      />
      <main aria-label={t("app.main")}>
        {error !== undefined && <Problem error={error} />}
        {shown === undefined && <p className="card">{t(address.survey === "" ? "loading" : "error.notFound")}</p>}
        {shown !== undefined && (
          <SurveyView
            key={shown.name}
            client={client}
            survey={shown}
            headline={headlines.value?.get(shown.name ?? "")}
            headlinesLoaded={headlines.value !== undefined}
            address={address}
            change={change}
            watched={watched}
          />
        )}
      </main>
    </div>
  );
}
