import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { ApiError } from "../api/error";
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

  const { error } = surveys;
  useEffect(() => {
    if (error !== undefined && (error.status === 401 || error.status === 403)) {
      refused(error);
    }
  }, [error, refused]);

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
    list.find((survey) => survey.name === address.survey) ??
    (address.survey === "" ? (list.find((survey) => survey.currentRevision) ?? list[0]) : undefined);
  return (
    <div className="columns">
      <SurveyList
        client={client}
        surveys={list}
        shown={shown?.name ?? ""}
        choose={(survey) => change({ survey, question: "", metric: "" })}
      />
      <main aria-label={t("app.main")}>
        {error !== undefined && <Problem error={error} />}
        {shown === undefined ? (
          <p className="card">{t("error.notFound")}</p>
        ) : (
          <SurveyView key={shown.name} client={client} survey={shown} address={address} change={change} />
        )}
      </main>
    </div>
  );
}
