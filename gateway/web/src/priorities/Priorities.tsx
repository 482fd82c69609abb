import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { SurveyPage } from "../app/SurveyPage";
import { Analyses } from "./Analyses";
import { Bridge } from "./Bridge";
import { Crosstab } from "./Crosstab";
import { Drivers } from "./Drivers";
import { Matrix } from "./Matrix";
import { Strengths } from "./Strengths";

interface Props {
  client: Client;
  may: (permission: string) => boolean;
}

/** What is to be fixed first, what drives the outcome, why it moved, and what pulls it up and down. */
export function Priorities(props: Props) {
  const { t } = useTranslation();
  const of = (name: "matrix" | "drivers" | "bridge" | "strengths" | "crosstab") => ({
    name,
    permission: `reporting.${name}.query`,
    tab: t(`priorities.${name}.tab`),
    outcome: name !== "crosstab",
  });
  return (
    <SurveyPage client={props.client} name="priorities" title={t("priorities.title")}>
      {(survey) => (
        <Analyses
          {...props}
          {...survey}
          analyses={[
            { ...of("matrix"), View: Matrix },
            { ...of("drivers"), View: Drivers },
            { ...of("bridge"), View: Bridge },
            { ...of("strengths"), View: Strengths },
            { ...of("crosstab"), View: Crosstab },
          ]}
        />
      )}
    </SurveyPage>
  );
}
