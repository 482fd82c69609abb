import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { SurveyPage } from "../app/SurveyPage";
import { Analyses } from "../priorities/Analyses";
import { Benchmarks } from "./Benchmarks";
import { Collectors } from "./Collectors";
import { Experiment } from "./Experiment";
import { Stages } from "./Stages";

/** What is shown on the page, and what one must be allowed to see it. */
export const permissions = {
  stages: "reporting.journey.query",
  experiment: "reporting.experiments.query",
  benchmarks: "reporting.benchmarks.query",
  collectors: "reporting.collectors.query",
} as const;

interface Props {
  client: Client;
  may: (permission: string) => boolean;
}

/** How customers fare stage by stage, and what is compared besides: variants that are tried, others, and who asked. */
export function Journey(props: Props) {
  const { t } = useTranslation();
  const of = (name: keyof typeof permissions) => ({
    name,
    permission: permissions[name],
    tab: t(`journey.${name}.tab`),
  });
  return (
    <SurveyPage client={props.client} name="priorities journey" title={t("journey.title")}>
      {(survey) => (
        <Analyses
          {...props}
          {...survey}
          analyses={[
            { ...of("stages"), outcome: true, View: Stages },
            { ...of("experiment"), outcome: true, View: Experiment },
            { ...of("benchmarks"), outcome: true, View: Benchmarks },
            { ...of("collectors"), outcome: true, View: Collectors },
          ]}
        />
      )}
    </SurveyPage>
  );
}
