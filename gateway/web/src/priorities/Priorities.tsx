import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { useAddress } from "../app/address";
import { Problem } from "../app/Problem";
import { type OfSurvey, SurveyPage } from "../app/SurveyPage";
import { useAspects, useRevision } from "../app/surveys";
import { Bridge } from "./Bridge";
import { Controls } from "./Controls";
import { Crosstab } from "./Crosstab";
import { Drivers } from "./Drivers";
import { Matrix } from "./Matrix";
import { Strengths } from "./Strengths";
import { type Subject, wordsIn } from "./subject";

/** The analyses, and what one must be allowed to see them. */
export const analyses = [
  ["matrix", "reporting.matrix.query", Matrix],
  ["drivers", "reporting.drivers.query", Drivers],
  ["bridge", "reporting.bridge.query", Bridge],
  ["strengths", "reporting.strengths.query", Strengths],
  ["crosstab", "reporting.crosstab.query", Crosstab],
] as const;

interface Props {
  client: Client;
  may: (permission: string) => boolean;
}

/** What is to be fixed first, what drives the outcome, why it moved, and what pulls it up and down. */
export function Priorities({ client, may }: Props) {
  const { t } = useTranslation();
  return (
    <SurveyPage client={client} name="priorities" title={t("priorities.title")}>
      {(of) => <Chosen {...{ client, may }} {...of} />}
    </SurveyPage>
  );
}

function Chosen({ client, may, survey, surveys }: Props & OfSurvey) {
  const { t, i18n } = useTranslation();
  const [given, change] = useAddress();
  const revision = useRevision(client, survey);
  const aspects = useAspects(client, may);
  const open = analyses.filter(([, permission]) => may(permission));
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
  const [name, , View] = open.find(([candidate]) => candidate === given.analysis) ?? open[0] ?? analyses[0];
  return (
    <>
      <Controls {...{ subject, survey, surveys }} outcomes={name !== "crosstab"} />
      <nav className="tabs" aria-label={t("priorities.analysis")}>
        {open.map(([candidate]) => (
          <button
            key={candidate}
            type="button"
            aria-current={candidate === name ? "page" : undefined}
            onClick={() => change({ analysis: candidate })}
          >
            {t(`priorities.${candidate}.tab`)}
          </button>
        ))}
      </nav>
      <View subject={subject} />
    </>
  );
}
