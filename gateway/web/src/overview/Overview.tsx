import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { OverviewAnswer, OverviewPart } from "../api/types";
import { type Address, useAddress } from "../app/address";
import { useFormat, useResource } from "../app/hooks";
import { Narrowed } from "../app/Narrowed";
import { Problem } from "../app/Problem";
import { DayFields, type OfSurvey, SurveyField, SurveyPage } from "../app/SurveyPage";
import { useAspects, useRevision } from "../app/surveys";
import { Basis } from "../priorities/Basis";
import { periodOf } from "../score/period";
import { localized } from "../score/pick";
import { Absent } from "./Absent";
import { Alerts, Cases, Lights } from "./Attention";
import { Metrics } from "./Metrics";
import { everything, grainOf, lately, lengths, spanOf, stepsOf } from "./span";
import { Themes } from "./Themes";

const interval = 30_000;

/** What is counted at once; themes are asked for apart, since they take as long as comments take to count. */
const parts: readonly OverviewPart[] = [
  "OVERVIEW_PART_SCORES",
  "OVERVIEW_PART_TREND",
  "OVERVIEW_PART_CHANGES",
  "OVERVIEW_PART_LIGHTS",
  "OVERVIEW_PART_CASES",
  "OVERVIEW_PART_ALERTS",
];

interface Props {
  client: Client;
  may: (permission: string) => boolean;
}

/** How things stand, at a glance: scores and how they changed, lights, cases, alerts and themes. */
export function Overview({ client, may }: Props) {
  const { t } = useTranslation();
  return (
    <SurveyPage client={client} name="overview" title={t("overview.title")} waiting={<Skeleton />}>
      {(of) => <Shown {...{ client, may }} {...of} />}
    </SurveyPage>
  );
}

function Shown({ client, may, survey, surveys }: Props & OfSurvey) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const [address, change] = useAddress();
  const revision = useRevision(client, survey);
  const names = useAspects(client, may);
  const span = spanOf(address, new Date());
  const period = periodOf(span.from, span.to);
  const query = {
    survey: survey.name,
    ...(address.filter === "" ? {} : { filter: address.filter }),
    ...(period === undefined ? {} : { period }),
  };
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const main = useOverview(client, { query, parts, grain: grainOf(span), steps: stepsOf(span), timeZone });
  const themes = useOverview(client, { query, parts: ["OVERVIEW_PART_THEMES"] });
  const overview = main.value?.overview;
  const questionnaire = revision.value?.questionnaire;
  const titleOf = (id: string) =>
    localized(
      questionnaire?.questions?.find((question) => question.id === id)?.text,
      i18n.language,
      questionnaire?.defaultLanguage,
    );
  const way = { address, change, absences: overview?.absences ?? [] };
  const counted = overview?.basis?.watermark;
  const told = counted === undefined ? "" : t("watermark", { time: format.moment(counted) });
  return (
    <>
      <Choice {...{ survey, surveys, address, change, span }} />
      <Narrowed address={{ ...address, from: "", to: "" }} change={({ filter }) => change({ filter: filter ?? "" })} />
      {main.error !== undefined && <Problem error={main.error} retry={main.reload} />}
      {overview === undefined && main.error === undefined && <Skeleton />}
      {overview !== undefined && (
        <>
          <p className="muted" role="status">
            {told}
          </p>
          {overview.basis?.responses === "0" && (
            <p className="card">
              {t("overview.nobody")}{" "}
              <button type="button" onClick={() => change({ from: everything, to: "" })}>
                {t("overview.everything")}
              </button>
            </p>
          )}
          <Metrics
            metrics={overview.metrics ?? []}
            titleOf={titleOf}
            span={span}
            foot={told}
            {...{ address, change }}
          />
          <Absent absences={way.absences} part="OVERVIEW_PART_SCORES" />
          <Absent absences={way.absences} part="OVERVIEW_PART_CHANGES" subject="" />
          <div className="halves">
            <Lights lights={overview.lights ?? []} {...way} />
            <Cases cases={overview.cases} {...way} />
          </div>
          <Alerts alerts={overview.alerts ?? []} more={overview.moreAlerts ?? false} {...way} />
        </>
      )}
      {themes.error !== undefined && <Problem error={themes.error} retry={themes.reload} />}
      {themes.value?.overview !== undefined && (
        <Themes
          themes={themes.value.overview.themes}
          absences={themes.value.overview.absences ?? []}
          {...{ names, address, change }}
        />
      )}
      <Basis basis={overview?.basis} />
    </>
  );
}

function useOverview(client: Client, request: unknown) {
  const text = JSON.stringify(request);
  const load = useCallback(
    (signal: AbortSignal) => client.send<OverviewAnswer>("POST", "overview:query", JSON.parse(text), signal),
    [client, text],
  );
  return useResource(load, interval);
}

function Choice(
  props: OfSurvey & {
    address: Address;
    change: (part: Partial<Address>) => void;
    span: { from: string; to: string };
  },
) {
  const { survey, surveys, address, change, span } = props;
  const { t } = useTranslation();
  const chosen = lengths.find((days) => {
    const { from, to } = lately(days, new Date());
    return span.from === from && span.to === to;
  });
  return (
    <section className="card" aria-label={t("priorities.controls")}>
      <div className="selectors">
        <SurveyField {...{ survey, surveys }} choose={(name) => change({ survey: name, filter: "", question: "" })} />
        <label>
          <span>{t("overview.length")}</span>
          <select
            value={address.from === everything ? everything : (chosen ?? "")}
            onChange={(e) =>
              change(
                e.target.value === everything
                  ? { from: everything, to: "" }
                  : lately(Number(e.target.value), new Date()),
              )
            }
          >
            {chosen === undefined && <option value="">{t("overview.own")}</option>}
            {lengths.map((days) => (
              <option key={days} value={days}>
                {t("overview.days", { days })}
              </option>
            ))}
            <option value={everything}>{t("overview.all")}</option>
          </select>
        </label>
        <DayFields days={span} change={change} />
      </div>
    </section>
  );
}

/** Where cards will stand, while they are counted. */
function Skeleton() {
  const { t } = useTranslation();
  return (
    <>
      <p role="status" className="hidden">
        {t("loading")}
      </p>
      <div className="metrics" aria-hidden="true">
        {[1, 2, 3, 4].map((card) => (
          <div key={card} className="card skeleton" />
        ))}
      </div>
    </>
  );
}
