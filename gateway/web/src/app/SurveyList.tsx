import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { integer, type Score, type Survey } from "../api/types";
import type { Headlines } from "../score/headlines";
import { useFormat } from "./hooks";

/** The surveys with their headline scores. */
export function SurveyList(props: {
  surveys: readonly Survey[];
  headlines: Headlines;
  shown: string;
  choose: (name: string) => void;
}) {
  const { t } = useTranslation();
  const list = useRef<HTMLUListElement>(null);
  const { shown } = props;
  useEffect(() => {
    if (shown !== "") {
      list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    }
  }, [shown]);
  return (
    <nav className="surveys" aria-label={t("surveys.title")}>
      <h2>{t("surveys.title")}</h2>
      <ul ref={list}>
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
              <Headline score={props.headlines.get(survey.name ?? "")} />
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

function Headline({ score }: { score: Score | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (score === undefined) {
    return null;
  }
  if (score.suppression) {
    return <span className="detail">{t("score.withheld")}</span>;
  }
  const estimate = format.estimate(score);
  if (estimate === undefined) {
    return <span className="detail">{t("score.noAnswers")}</span>;
  }
  const interval = format.interval(score);
  return (
    <>
      <span className="figure">
        {estimate} <span className="metric">{t(`metrics.${score.metric as "METRIC_NPS"}`)}</span>
      </span>
      <span className="detail">
        {interval && `${t("score.interval", interval)} · `}
        {t("score.n", { n: format.integer(integer(score.n)) })}
      </span>
    </>
  );
}
