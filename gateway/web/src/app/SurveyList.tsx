import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { integer, type Survey } from "../api/types";
import { headlineOf } from "../score/pick";
import { useFormat, useResource } from "./hooks";

const headlineInterval = 30_000;

/** The surveys with their headline scores. */
export function SurveyList(props: {
  client: Client;
  surveys: readonly Survey[];
  shown: string;
  choose: (name: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <nav className="surveys" aria-label={t("surveys.title")}>
      <h2>{t("surveys.title")}</h2>
      <ul>
        {props.surveys.map((survey) => (
          <li key={survey.name}>
            <button
              type="button"
              className="survey"
              aria-current={survey.name === props.shown ? "page" : undefined}
              onClick={() => props.choose(survey.name ?? "")}
            >
              <span className="title">{survey.displayName}</span>
              <span className="state">{t(`surveys.state.${stateOf(survey)}`)}</span>
              {survey.currentRevision && <Headline client={props.client} survey={survey.name ?? ""} />}
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The state of a survey in a word that has translations. */
export function stateOf(survey: Survey): "draft" | "published" | "closed" | "archived" {
  switch (survey.state) {
    case "STATE_PUBLISHED":
      return "published";
    case "STATE_CLOSED":
      return "closed";
    case "STATE_ARCHIVED":
      return "archived";
    default:
      return "draft";
  }
}

/** The headline of one survey in the list. A failure here is left to the survey's own page, which explains it. */
function Headline({ client, survey }: { client: Client; survey: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const load = useCallback((signal: AbortSignal) => client.query({ survey }, signal), [client, survey]);
  const scores = useResource(load, headlineInterval);
  if (scores.value === undefined) {
    return null;
  }
  const headline = headlineOf(scores.value.scores ?? []);
  if (headline === undefined) {
    return null;
  }
  const estimate = format.estimate(headline);
  if (estimate === undefined) {
    return <span className="detail">{t("score.noAnswers")}</span>;
  }
  const interval = format.interval(headline);
  return (
    <>
      <span className="figure">
        {estimate} <span className="metric">{t(`metrics.${headline.metric as "METRIC_NPS"}`)}</span>
      </span>
      <span className="detail">
        {interval && `${t("score.interval", interval)} · `}
        {t("score.n", { n: format.integer(integer(headline.n)) })}
      </span>
    </>
  );
}
