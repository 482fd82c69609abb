import { useTranslation } from "react-i18next";
import {
  type AnalysisEstimate,
  type AnalysisTest,
  type CollectorScore,
  type CollectorsAnswer,
  integer,
} from "../api/types";
import { useFormat } from "../app/hooks";
import { Table } from "../app/Table";
import { drawBars } from "../charts/Bars";
import { Figure } from "../charts/Figure";
import { saveTable } from "../charts/save";
import { Analysed } from "../priorities/Analysed";
import { useAnalysis } from "../priorities/analysis";
import { Basis, useFoot } from "../priorities/Basis";
import { KeyField } from "../priorities/KeyField";
import { scaled } from "../priorities/numbers";
import { Corrected, Interval } from "../priorities/parts";
import { queryOf, type Subject, titleOf, valueTitle } from "../priorities/subject";

/** What tells who collected an answer unless something else is chosen. */
const usualKey = "attributes.collector";

/** Whether answers that the organisation collects itself are others than those that are collected for it. */
export function Collectors({ subject }: { subject: Subject }) {
  const { address, change } = subject;
  const { t } = useTranslation();
  const key = address.by || usualKey;
  const answer = useAnalysis<CollectorsAnswer>(subject.client, "collectors:query", {
    query: queryOf(address),
    ...(address.outcome === "" ? {} : { outcome: address.outcome }),
    key,
  });
  return (
    <>
      <section className="card analysis">
        <h2>{t("journey.collectors.title")}</h2>
        <p className="muted">{t("journey.collectors.explain")}</p>
        <div className="selectors">
          <KeyField label={t("journey.collectors.key")} subject={subject} value={key} choose={(by) => change({ by })} />
        </div>
        <p className="muted small">{t("journey.collectors.values")}</p>
      </section>
      <Analysed of={answer} subject={subject}>
        {(collectors) => <Shown subject={subject} answer={collectors} />}
      </Analysed>
    </>
  );
}

const cautions = ["MIX_DIFFERS", "FEW_SHARED", "NONE_SHARED"] as const;

function Shown({ subject, answer }: { subject: Subject; answer: CollectorsAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(answer.basis);
  const digits = answer.metric === "OUTCOME_METRIC_MEAN" ? 2 : 1;
  const sides: [string, CollectorScore | undefined][] = [
    [t("journey.collectors.internal"), answer.internal],
    [t("journey.collectors.external"), answer.external],
  ];
  const differences: [string, AnalysisEstimate | undefined, AnalysisTest | undefined][] = [
    [t("journey.collectors.difference"), answer.difference, answer.test],
    [t("journey.collectors.within"), answer.withinDifference, answer.withinTest],
    [t("journey.collectors.mix"), answer.mix, answer.mixTest],
  ];
  const labels = {
    score: t("journey.experiment.estimate"),
    n: t("trend.nHead"),
    difference: t("journey.collectors.difference"),
    p: t("priorities.p"),
  };
  return (
    <section className="card analysis">
      <p className="headline">
        {answer.difference === undefined
          ? t("journey.collectors.oneSide")
          : t("journey.collectors.says", {
              outcome: titleOf(subject, answer.outcome),
              difference: format.signed(answer.difference.value ?? 0, digits),
            })}
        {answer.difference !== undefined && <Interval of={answer.difference.interval} digits={digits} />}
      </p>
      {(answer.cautions ?? []).length > 0 && (
        <ul className="cautions">
          {answer.cautions?.map((caution) => {
            const known = cautions.find((candidate) => candidate === caution);
            return <li key={caution}>{known === undefined ? caution : t(`journey.collectors.caution.${known}`)}</li>;
          })}
        </ul>
      )}
      <Figure
        title={t("journey.collectors.chart", { outcome: titleOf(subject, answer.outcome) })}
        foot={foot}
        summary={t("journey.collectors.summary")}
        file="otklik-collectors"
        draw={(width) =>
          drawBars(
            sides
              .filter(([, side]) => integer(side?.n) > 0)
              .map(([label, side]) => ({
                id: label,
                label,
                ...scaled(side?.score),
                colour: "var(--accent)",
                note: t("score.n", { n: format.integer(integer(side?.n)) }),
              })),
            labels.score,
            format,
            width,
          )
        }
        more={
          <button type="button" className="quiet" onClick={() => save(answer)}>
            CSV
          </button>
        }
      />
      <Table
        columns={[
          { label: t("journey.collectors.what") },
          { label: labels.difference, number: true },
          { label: labels.p, number: true },
        ]}
      >
        {differences.map(([title, estimate, test]) => (
          <tr key={title}>
            <th scope="row">{title}</th>
            <td className="number" data-label={labels.difference}>
              {estimate === undefined ? "—" : format.signed(estimate.value ?? 0, digits)}
              {estimate !== undefined && <Interval of={estimate.interval} digits={digits} />}
            </td>
            <td className="number" data-label={labels.p}>
              <Corrected test={test} />
            </td>
          </tr>
        ))}
      </Table>
      <p className="muted small">
        {t("journey.collectors.shared", {
          count: answer.sharedValues ?? 0,
          share: format.fixed(100 * (answer.sharedShare ?? 0), 0),
        })}
      </p>
      {(answer.parts ?? []).length > 0 && (
        <>
          <h3>{t("journey.collectors.parts")}</h3>
          <Table
            columns={[
              { label: t("priorities.part") },
              { label: t("journey.collectors.internal"), number: true },
              { label: t("journey.collectors.external"), number: true },
              { label: labels.difference, number: true },
              { label: labels.p, number: true },
            ]}
          >
            {answer.parts?.slice(0, 100).map((part) => (
              <tr key={part.value}>
                <th scope="row">{valueTitle(subject, t, answer.within ?? "", part.value ?? "")}</th>
                <td className="number" data-label={t("journey.collectors.internal")}>
                  {format.fixed(part.internalScore ?? 0, digits)}
                  <span className="detail">{t("score.n", { n: format.integer(integer(part.internalN)) })}</span>
                </td>
                <td className="number" data-label={t("journey.collectors.external")}>
                  {format.fixed(part.externalScore ?? 0, digits)}
                  <span className="detail">{t("score.n", { n: format.integer(integer(part.externalN)) })}</span>
                </td>
                <td className="number" data-label={labels.difference}>
                  {format.signed(part.difference?.value ?? 0, digits)}
                  <Interval of={part.difference?.interval} digits={digits} />
                </td>
                <td className="number" data-label={labels.p}>
                  <Corrected test={part.test} />
                </td>
              </tr>
            ))}
          </Table>
        </>
      )}
      <p className="muted small">{t("priorities.drivers.corrected", { count: answer.family ?? 0 })}</p>
      <Basis basis={answer.basis} />
    </section>
  );
}

function save(answer: CollectorsAnswer): void {
  saveTable(
    "otklik-collectors",
    ["value", "internal_n", "external_n", "internal", "external", "difference", "lower", "upper", "p_adjusted"],
    [
      [
        "",
        integer(answer.internal?.n),
        integer(answer.external?.n),
        answer.internal?.score?.value,
        answer.external?.score?.value,
        answer.difference?.value,
        answer.difference?.interval?.lower,
        answer.difference?.interval?.upper,
        answer.test?.adjustedPValue,
      ],
      ...(answer.parts ?? []).map((part) => [
        part.value,
        integer(part.internalN),
        integer(part.externalN),
        part.internalScore,
        part.externalScore,
        part.difference?.value,
        part.difference?.interval?.lower,
        part.difference?.interval?.upper,
        part.test?.adjustedPValue,
      ]),
    ],
  );
}
