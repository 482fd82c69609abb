import { type ComponentType, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { useAddress } from "../app/address";
import { Problem } from "../app/Problem";
import type { OfSurvey } from "../app/SurveyPage";
import { useAspects, useRevision } from "../app/surveys";
import { Controls } from "./Controls";
import { type Subject, wordsIn } from "./subject";

/** An analysis of a survey: its name in the address, what one must be allowed to see it, and what its tab says. */
export interface Analysis {
  readonly name: string;
  readonly permission: string;
  readonly tab: string;
  /** Whether it has an outcome that can be chosen. */
  readonly outcome: boolean;
  readonly View: ComponentType<{ subject: Subject }>;
}

/** Analyses of one survey, of which the address says which one is shown, over the answers that are chosen above them. */
export function Analyses(
  props: OfSurvey & {
    client: Client;
    may: (permission: string) => boolean;
    analyses: readonly [Analysis, ...Analysis[]];
  },
) {
  const { client, may, survey, surveys, analyses } = props;
  const { t, i18n } = useTranslation();
  const [given, change] = useAddress();
  const revision = useRevision(client, survey);
  const aspects = useAspects(client, may);
  const questionnaire = revision.value?.questionnaire;
  const subject = useMemo<Subject | undefined>(
    () =>
      questionnaire && {
        client,
        change,
        address: { ...given, survey: survey.name ?? "" },
        questions: questionnaire.questions ?? [],
        words: wordsIn(i18n.language, questionnaire.defaultLanguage),
        aspects,
      },
    [client, change, given, survey.name, questionnaire, i18n.language, aspects],
  );
  if (revision.error !== undefined) {
    return <Problem error={revision.error} retry={revision.reload} />;
  }
  if (subject === undefined) {
    return <p role="status">{t("loading")}</p>;
  }
  const open = analyses.filter(({ permission }) => may(permission));
  const shown = open.find(({ name }) => name === given.analysis) ?? open[0] ?? analyses[0];
  return (
    <>
      <Controls {...{ subject, survey, surveys }} outcomes={shown.outcome} />
      <nav className="tabs" aria-label={t("priorities.analysis")}>
        {open.map(({ name, tab }) => (
          <button
            key={name}
            type="button"
            aria-current={name === shown.name ? "page" : undefined}
            onClick={() => change({ analysis: name })}
          >
            {tab}
          </button>
        ))}
      </nav>
      <shown.View subject={subject} />
    </>
  );
}
