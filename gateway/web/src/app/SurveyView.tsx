import { useCallback, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { Metric, Revision, Score, ScoreQuery, Survey } from "../api/types";
import { periodOf } from "../score/period";
import { besideOf, type Choice, choose, localized, mainOf, metricsOf } from "../score/pick";
import type { Address } from "./address";
import { useResource, useWatch } from "./hooks";
import { Live } from "./Live";
import { Narrowed } from "./Narrowed";
import { Problem } from "./Problem";
import { RateCard } from "./RateCard";
import { ScoreCard } from "./ScoreCard";
import { stateOf } from "./SurveyList";
import { Trend } from "./Trend";

interface Props {
  client: Client;
  survey: Survey;
  /** The headline, which tells what to show where the address does not; undefined while it loads and where there is none. */
  headline: Score | undefined;
  headlinesLoaded: boolean;
  address: Address;
  change: (part: Partial<Address>) => void;
  /** Told of every new score. */
  watched: (survey: string, score: Score) => void;
}

/** One survey: its score by a question and a metric, live. */
export function SurveyView(props: Props) {
  const { client, survey } = props;
  const { t } = useTranslation();
  const name = survey.currentRevision ?? "";
  const load = useCallback((signal: AbortSignal) => client.revision(name, signal), [client, name]);
  const revision = useResource(name === "" ? undefined : load);

  let content = <p role="status">{t("loading")}</p>;
  if (name === "") {
    content = <p className="card">{t("survey.draft")}</p>;
  } else if (revision.error !== undefined) {
    content = <Problem error={revision.error} retry={revision.reload} />;
  } else if (revision.value !== undefined && (props.headlinesLoaded || props.address.question !== "")) {
    content = <Published {...props} revision={revision.value} />;
  }
  return (
    <article>
      <header className="heading">
        <h1>{survey.displayName}</h1>
        <span className={`state ${stateOf(survey)}`}>{t(`surveys.state.${stateOf(survey)}`)}</span>
      </header>
      {content}
    </article>
  );
}

function Published(props: Props & { revision: Revision }) {
  const { address, change, revision } = props;
  const { t } = useTranslation();
  const questions = revision.questionnaire?.questions ?? [];
  const choice = choose(questions, address, props.headline);
  if (choice === undefined) {
    return <p className="card">{t("survey.noScored")}</p>;
  }
  return (
    <>
      <Selectors {...{ revision, choice, change }} />
      <Narrowed address={address} change={change} />
      <Figures {...props} choice={choice} />
    </>
  );
}

function Selectors(props: { revision: Revision; choice: Choice; change: (part: Partial<Address>) => void }) {
  const { t, i18n } = useTranslation();
  const { questionnaire } = props.revision;
  const scored = (questionnaire?.questions ?? []).filter((question) => metricsOf(question).length > 0);
  return (
    <div className="selectors">
      <label>
        <span>{t("question")}</span>
        <select
          value={props.choice.question.id}
          onChange={(e) => props.change({ question: e.target.value, metric: "" })}
        >
          {scored.map((question) => (
            <option key={question.id} value={question.id}>
              {localized(question.text, i18n.language, questionnaire?.defaultLanguage)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{t("metric")}</span>
        <select
          value={props.choice.metric}
          onChange={(e) => props.change({ question: props.choice.question.id ?? "", metric: e.target.value })}
        >
          {metricsOf(props.choice.question).map((metric) => (
            <option key={metric} value={metric}>
              {t(`metricTitles.${metric as "METRIC_NPS"}`)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Figures(props: Props & { revision: Revision; choice: Choice }) {
  const { metric, question } = props.choice;
  const survey = props.survey.name ?? "";
  const { filter, from, to } = props.address;
  const query = useMemo(
    () => queryOf(survey, question.id ?? "", metric, { filter, from, to }),
    [survey, question.id, metric, filter, from, to],
  );
  const watched = useWatch(props.client, query);
  const main = watched.scores === undefined ? undefined : mainOf(watched.scores, metric);
  const rate = watched.scores === undefined ? undefined : mainOf(watched.scores, "METRIC_RESPONSE_RATE");
  const { watched: tell } = props;
  // The list beside tells of all answers.
  const narrowed = query.filter !== undefined || query.period !== undefined;
  useEffect(() => {
    if (main !== undefined && !narrowed) {
      tell(survey, main);
    }
  }, [tell, survey, main, narrowed]);
  if (watched.error !== undefined) {
    return <Problem error={watched.error} />;
  }
  return (
    <>
      <Live watched={watched} />
      <div className="cards">
        <ScoreCard
          metric={metric}
          score={main}
          beside={main === undefined ? [] : besideOf(watched.scores ?? [], main)}
          loaded={watched.scores !== undefined}
        />
        <RateCard score={rate} loaded={watched.scores !== undefined} />
      </div>
      <Trend
        client={props.client}
        query={query}
        metric={metric}
        grain={props.address.grain || firstGrain(props.revision)}
        chooseGrain={(grain) => props.change({ grain })}
        changed={watched.scores}
      />
    </>
  );
}

/** The step to begin with. Answers of employees are counted by whole months only. */
function firstGrain(revision: Revision): string {
  return revision.questionnaire?.population === "POPULATION_EMPLOYEE" ? "TIME_GRAIN_MONTH" : "";
}

/** One question by one metric, and the response rate beside it, among the answers that the address means. */
function queryOf(
  survey: string,
  question: string,
  metric: Metric,
  { filter, from, to }: Pick<Address, "filter" | "from" | "to">,
): ScoreQuery {
  const period = periodOf(from, to);
  return {
    survey,
    question,
    metrics: [metric, "METRIC_RESPONSE_RATE"],
    ...(filter === "" ? {} : { filter }),
    ...(period === undefined ? {} : { period }),
  };
}
