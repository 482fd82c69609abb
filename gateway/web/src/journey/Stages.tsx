import { useTranslation } from "react-i18next";
import { integer, type JourneyAnswer, type JourneyStage } from "../api/types";
import { Go } from "../app/Go";
import { useFormat } from "../app/hooks";
import { Table } from "../app/Table";
import { drawBars } from "../charts/Bars";
import { Figure } from "../charts/Figure";
import { saveTable } from "../charts/save";
import { lately, usual } from "../overview/span";
import { Analysed } from "../priorities/Analysed";
import { useAnalysis } from "../priorities/analysis";
import { Basis, useFoot } from "../priorities/Basis";
import { Corrected, Interval } from "../priorities/parts";
import { queryOf, type Subject, titleOf } from "../priorities/subject";
import { both, quoted } from "../score/filter";

/** What stages may be scored by. */
const metrics = ["JOURNEY_METRIC_NPS", "JOURNEY_METRIC_CSAT", "JOURNEY_METRIC_CES", "JOURNEY_METRIC_MEAN"] as const;

type Metric = (typeof metrics)[number];

function metricOf(stage: JourneyStage): Metric {
  return metrics.find((known) => known === stage.metric) ?? "JOURNEY_METRIC_NPS";
}

/** Decimals and unit of a metric. */
function writingOf(metric: Metric) {
  return {
    digits: metric === "JOURNEY_METRIC_MEAN" || metric === "JOURNEY_METRIC_CES" ? 2 : 1,
    unit: metric === "JOURNEY_METRIC_CSAT" ? "\u00a0%" : "",
  };
}

/** How customers fare stage by stage: scores with their changes, and the cases that are open there. */
export function Stages({ subject }: { subject: Subject }) {
  const { address, change } = subject;
  const { t } = useTranslation();
  const metric = metrics.find((candidate) => candidate === address.measure);
  const answer = useAnalysis<JourneyAnswer>(subject.client, "journey:query", {
    query: queryOf(address),
    ...(address.outcome === "" ? {} : { question: address.outcome }),
    ...(metric === undefined ? {} : { metric }),
  });
  return (
    <>
      <section className="card analysis">
        <h2>{t("journey.stages.title")}</h2>
        <p className="muted">{t("journey.stages.explain")}</p>
        <div className="selectors">
          <label>
            <span>{t("metric")}</span>
            <select value={metric ?? ""} onChange={(e) => change({ measure: e.target.value })}>
              <option value="">{t("journey.stages.automatic")}</option>
              {metrics.map((candidate) => (
                <option key={candidate} value={candidate}>
                  {t(`metricTitles.${candidate.replace("JOURNEY_", "") as "METRIC_NPS"}`)}
                </option>
              ))}
            </select>
          </label>
        </div>
      </section>
      <Analysed of={answer} subject={subject}>
        {(journey) => <Shown subject={subject} journey={journey} />}
      </Analysed>
    </>
  );
}

function stageTitle(subject: Subject, stage: JourneyStage): string {
  return subject.words(stage.name) || (stage.id ?? "");
}

function Shown({ subject, journey }: { subject: Subject; journey: JourneyAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const stages = journey.stages ?? [];
  const worst = stages.filter((stage) => stage.worst);
  const unplaced = integer(journey.unplacedResponses);
  if (stages.length === 0) {
    return (
      <section className="card analysis">
        <p>{t("journey.stages.none")}</p>
        <Basis basis={journey.basis} />
      </section>
    );
  }
  return (
    <section className="card analysis">
      <p className="headline">
        {worst.length === 0
          ? t("journey.stages.noWorst")
          : t("journey.stages.worst", { stages: worst.map((stage) => stageTitle(subject, stage)).join(", ") })}
      </p>
      {groupsOf(stages).map((group) => (
        <Drawn key={`${group[0]?.question?.question} ${group[0]?.metric}`} {...{ subject, journey, group }} />
      ))}
      <Listed {...{ subject, journey, stages }} />
      {unplaced > 0 && <p className="muted small">{t("journey.stages.unplaced", { n: format.integer(unplaced) })}</p>}
      {journey.baselineBasis === undefined && (
        <p>
          {t("journey.stages.noBaseline")}{" "}
          <button type="button" onClick={() => subject.change(lately(usual, new Date()))}>
            {t("overview.days", { days: usual })}
          </button>
        </p>
      )}
      <p className="muted small">
        {t("journey.stages.corrected", { changes: journey.changeFamily ?? 0, contrasts: journey.contrastFamily ?? 0 })}{" "}
        {t("journey.stages.casesOf")}
      </p>
      {journey.casesAbsence && (
        <p className="muted small">
          {t("journey.stages.noCases")} <span lang="en">{journey.casesAbsence}</span>
        </p>
      )}
      <Basis basis={journey.basis} />
    </section>
  );
}

/** Stages that are scored by the same can be drawn on one axis, others cannot. */
function groupsOf(stages: readonly JourneyStage[]): readonly (readonly JourneyStage[])[] {
  const groups = new Map<string, JourneyStage[]>();
  for (const stage of stages) {
    const key = `${stage.question?.question} ${stage.metric}`;
    groups.set(key, [...(groups.get(key) ?? []), stage]);
  }
  return [...groups.values()];
}

function Drawn(props: { subject: Subject; journey: JourneyAnswer; group: readonly JourneyStage[] }) {
  const { subject, journey, group } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(journey.basis);
  const [first = {}] = group;
  const metric = metricOf(first);
  const name = t(`metricTitles.${metric.replace("JOURNEY_", "") as "METRIC_NPS"}`);
  const known = group.filter((stage) => stage.score?.estimate !== undefined);
  return (
    <Figure
      title={t("journey.stages.chart", { metric: name, question: titleOf(subject, first.question) })}
      foot={foot}
      summary={t("journey.stages.summary", { count: known.length })}
      file="otklik-journey"
      draw={(width) =>
        drawBars(
          group.map((stage) => ({
            id: stage.id ?? "",
            label: stageTitle(subject, stage),
            value: stage.score?.estimate ?? 0,
            lower: stage.score?.interval?.lower,
            upper: stage.score?.interval?.upper,
            colour: stage.worst ? "var(--bad)" : "var(--accent)",
            note:
              stage.score?.estimate === undefined
                ? t("journey.noScore")
                : t("score.n", { n: format.integer(integer(stage.score.n)) }),
          })),
          name,
          format,
          width,
        )
      }
      more={
        <button type="button" className="quiet" onClick={() => save(journey.stages ?? [])}>
          CSV
        </button>
      }
    />
  );
}

/** The answers of a stage, as a filter; all where it has no touchpoints. */
function filterOf(stage: JourneyStage): string {
  const conditions = (stage.touchpoints ?? []).map((touchpoint) => `touchpoint = ${quoted(touchpoint)}`);
  return conditions.length > 1 ? `(${conditions.join(" OR ")})` : (conditions[0] ?? "");
}

function Listed(props: { subject: Subject; journey: JourneyAnswer; stages: readonly JourneyStage[] }) {
  const { subject, journey, stages } = props;
  const { address } = subject;
  const { t } = useTranslation();
  const format = useFormat();
  const labels = {
    score: t("journey.stages.score"),
    change: t("journey.stages.change"),
    others: t("journey.stages.others"),
    cases: t("journey.stages.cases"),
  };
  return (
    <Table
      columns={[
        { label: t("journey.stages.stage") },
        ...Object.values(labels).map((label) => ({ label, number: true })),
      ]}
    >
      {stages.map((stage) => {
        const { digits, unit } = writingOf(metricOf(stage));
        const { score, change, contrast, cases } = stage;
        return (
          <tr key={stage.id}>
            <th scope="row">
              <Go
                {...subject}
                to={{
                  page: "",
                  question: stage.question?.question ?? "",
                  metric: "",
                  filter: both(address.filter, filterOf(stage)),
                }}
              >
                {stageTitle(subject, stage)}
              </Go>
              <span className="detail">
                {t("journey.stages.share", {
                  share: format.fixed(100 * (stage.share ?? 0), 1),
                  n: format.integer(integer(stage.responses)),
                })}
              </span>
              {(stage.touchpoints ?? []).length > 1 && <span className="detail">{stage.touchpoints?.join(", ")}</span>}
              {stage.worst && <span className="detail TOPIC_VERDICT_WEAKNESS">{t("journey.stages.isWorst")}</span>}
            </th>
            <td className="number" data-label={labels.score}>
              {score?.estimate === undefined ? (
                <>
                  —<span className="detail">{t("journey.noScore")}</span>
                </>
              ) : (
                <>
                  {format.fixed(score.estimate, digits) + unit}
                  <Interval of={score.interval} digits={digits} unit={unit} />
                  <span className="detail">{t("score.n", { n: format.integer(integer(score.n)) })}</span>
                </>
              )}
              {stage.contacted?.estimate !== undefined && (
                <span className="detail">
                  {t("journey.stages.contacted", { score: format.fixed(stage.contacted.estimate, digits) })}
                </span>
              )}
            </td>
            <td className="number" data-label={labels.change}>
              {change === undefined ? (
                "—"
              ) : (
                <>
                  {format.signed(change.difference ?? 0, digits)}
                  <Interval of={change.interval} digits={digits} />
                  <span className="detail">
                    p: <Corrected test={testOf(change)} />
                  </span>
                </>
              )}
            </td>
            <td className="number" data-label={labels.others}>
              {contrast === undefined ? (
                "—"
              ) : (
                <>
                  {format.signed(contrast.difference ?? 0, digits)}
                  <Interval of={contrast.interval} digits={digits} />
                  <span className="detail">
                    p: <Corrected test={contrast.pValues} />
                  </span>
                </>
              )}
            </td>
            <td className="number" data-label={labels.cases}>
              {cases === undefined ? (
                "—"
              ) : (
                <>
                  {(journey.casesAtLeast ? "≥ " : "") + format.integer(integer(cases.open))}
                  {integer(cases.overdue) > 0 && (
                    <span className="detail late">
                      {t("journey.stages.overdue", { count: integer(cases.overdue) })}
                    </span>
                  )}
                  {integer(cases.unowned) > 0 && (
                    <span className="detail">{t("journey.stages.unowned", { count: integer(cases.unowned) })}</span>
                  )}
                  {cases.first?.slice(0, 3).map((item) => (
                    <span key={item.case} className="detail">
                      <Go {...subject} to={{ page: "cases", case: item.case ?? "" }}>
                        {item.displayName}
                      </Go>
                    </span>
                  ))}
                </>
              )}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

/** The test of a change as other tests are told; nothing where the answers determine none. */
function testOf({ pValue, adjustedPValue }: NonNullable<JourneyStage["change"]>) {
  return pValue === undefined ? undefined : { pValue, adjustedPValue: adjustedPValue ?? pValue };
}

function save(stages: readonly JourneyStage[]): void {
  saveTable(
    "otklik-journey",
    [
      "stage",
      "touchpoints",
      "question",
      "metric",
      "responses",
      "share",
      "n",
      "estimate",
      "lower",
      "upper",
      "change",
      "change_lower",
      "change_upper",
      "change_p_adjusted",
      "against_others",
      "against_others_p_adjusted",
      "worst",
      "open_cases",
      "overdue_cases",
    ],
    stages.map((stage) => [
      stage.id,
      stage.touchpoints?.join("; "),
      stage.question?.question,
      stage.metric?.replace("JOURNEY_METRIC_", ""),
      integer(stage.responses),
      stage.share,
      integer(stage.score?.n),
      stage.score?.estimate,
      stage.score?.interval?.lower,
      stage.score?.interval?.upper,
      stage.change?.difference,
      stage.change?.interval?.lower,
      stage.change?.interval?.upper,
      stage.change?.adjustedPValue,
      stage.contrast?.difference,
      stage.contrast?.pValues?.adjustedPValue,
      stage.worst ?? false,
      stage.cases === undefined ? undefined : integer(stage.cases.open),
      stage.cases === undefined ? undefined : integer(stage.cases.overdue),
    ]),
  );
}
