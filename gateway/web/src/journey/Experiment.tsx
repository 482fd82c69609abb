import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type ExperimentAnswer,
  type ExperimentComparison,
  type ExperimentResult,
  type ExperimentVariant,
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
import { queryOf, type Subject, titleOf } from "../priorities/subject";
import { type Arm, armsOf } from "./arms";

/** What holds the variant unless something else is chosen. */
const usualKey = "attributes.variant";

/** Whether variants that were tried differ, with what is needed not to fool oneself. */
export function Experiment({ subject }: { subject: Subject }) {
  const { address, change } = subject;
  const { t } = useTranslation();
  const key = address.by || usualKey;
  const arms = armsOf(address.column);
  const answer = useAnalysis<ExperimentAnswer>(
    subject.client,
    "experiments:query",
    arms && {
      query: queryOf(address),
      key,
      ...(arms.length === 0 ? {} : { variants: arms }),
      // A control that is none of the variants would be refused.
      ...(address.row === "" || (arms.length > 0 && !arms.some(({ value }) => value === address.row))
        ? {}
        : { control: address.row }),
      ...(address.outcome === "" ? {} : { outcomes: [{ question: address.outcome }] }),
    },
  );
  return (
    <>
      <section className="card analysis">
        <h2>{t("journey.experiment.title")}</h2>
        <p className="muted">{t("journey.experiment.explain")}</p>
        <div className="selectors">
          <KeyField
            label={t("journey.experiment.key")}
            subject={subject}
            value={key}
            choose={(chosen) => change({ by: chosen, row: "", column: "" })}
          />
          <Shares value={address.column} choose={(column) => change({ column })} />
        </div>
        {arms === undefined && <p role="alert">{t("journey.experiment.sharesWrong")}</p>}
      </section>
      {arms !== undefined && (
        <Analysed of={answer} subject={subject}>
          {(experiment) => <Shown {...{ subject, experiment, arms }} />}
        </Analysed>
      )}
    </>
  );
}

/** The shares that were intended; they are chosen when the field is left or the key for it is pressed. */
function Shares({ value, choose }: { value: string; choose: (text: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <label>
      <span>{t("journey.experiment.shares")}</span>
      <input
        value={text}
        maxLength={500}
        placeholder="a = 50, b = 50"
        onChange={(e) => setText(e.target.value)}
        onBlur={() => text !== value && choose(text)}
        onKeyDown={(e) => e.key === "Enter" && choose(text)}
      />
    </label>
  );
}

const cautions = [
  "EXPERIMENT_CAUTION_SAMPLE_RATIO_MISMATCH",
  "EXPERIMENT_CAUTION_SHARES_ASSUMED",
  "EXPERIMENT_CAUTION_FEW_ANSWERS",
  "EXPERIMENT_CAUTION_STILL_RUNNING",
  "EXPERIMENT_CAUTION_UNEQUAL_ANSWERING",
] as const;

function Shown(props: { subject: Subject; experiment: ExperimentAnswer; arms: readonly Arm[] }) {
  const { subject, experiment } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const variants = experiment.variants ?? [];
  const different = (experiment.outcomes ?? [])
    .flatMap((outcome) => outcome.variants ?? [])
    .filter((comparison) => comparison.different);
  const unassigned = integer(experiment.unassignedResponses);
  const p = experiment.balance?.pValue;
  return (
    <section className="card analysis">
      <p className="headline">
        {different.length === 0
          ? t("journey.experiment.same")
          : t("journey.experiment.different", {
              variants: [...new Set(different.map(({ value }) => value))].join(", "),
              control: experiment.control,
            })}
      </p>
      {(experiment.cautions ?? []).length > 0 && (
        <ul className="cautions">
          {experiment.cautions?.map((caution) => {
            const known = cautions.find((candidate) => candidate === caution);
            return <li key={caution}>{known === undefined ? caution : t(`journey.experiment.caution.${known}`)}</li>;
          })}
        </ul>
      )}
      <div className="selectors">
        <label>
          <span>{t("journey.experiment.control")}</span>
          <select value={experiment.control ?? ""} onChange={(e) => subject.change({ row: e.target.value })}>
            {variants.map(({ value }) => (
              <option key={value} value={value}>
                {value}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Variants variants={variants} />
      {p !== undefined && (
        <p className="muted small">
          {t(p < 0.001 ? "journey.experiment.unbalanced" : "journey.experiment.balanced", {
            p: p < 0.001 ? format.probability(p) : `= ${format.probability(p)}`,
          })}
        </p>
      )}
      {unassigned > 0 && (
        <p className="muted small">{t("journey.experiment.unassigned", { n: format.integer(unassigned) })}</p>
      )}
      {experiment.outcomes?.map((outcome) => (
        <Outcome key={`${outcome.question?.question} ${outcome.option}`} {...{ subject, experiment, outcome }} />
      ))}
      <p className="muted small">{t("priorities.drivers.corrected", { count: experiment.family ?? 0 })}</p>
      <Basis basis={experiment.basis} />
    </section>
  );
}

function Variants({ variants }: { variants: readonly ExperimentVariant[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const labels = { responses: t("journey.experiment.responses"), share: t("journey.experiment.share") };
  return (
    <Table
      columns={[
        { label: t("journey.experiment.variant") },
        ...Object.values(labels).map((label) => ({ label, number: true })),
      ]}
    >
      {variants.map((variant) => (
        <tr key={variant.value}>
          <th scope="row">{variant.value}</th>
          <td className="number" data-label={labels.responses}>
            {format.integer(integer(variant.responses))}
          </td>
          <td className="number" data-label={labels.share}>
            {format.fixed(100 * (variant.share ?? 0), 1)}
            {"\u00a0"}%
            <span className="detail">
              {t("journey.experiment.intended", { share: format.fixed(100 * (variant.intendedShare ?? 0), 1) })}
            </span>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Outcome(props: { subject: Subject; experiment: ExperimentAnswer; outcome: ExperimentResult }) {
  const { subject, experiment, outcome } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(experiment.basis);
  const digits = outcome.metric === "OUTCOME_METRIC_MEAN" ? 2 : 1;
  const title = titleOf(subject, outcome.question) + (outcome.option ? `: ${outcome.option}` : "");
  const compared = (outcome.variants ?? []).filter(({ difference }) => difference !== undefined);
  const labels = {
    estimate: t("journey.experiment.estimate"),
    difference: t("journey.experiment.difference", { control: experiment.control }),
    p: t("priorities.p"),
  };
  return (
    <>
      <h3>{title}</h3>
      {compared.length > 0 && (
        <Figure
          title={t("journey.experiment.chart", { title, control: experiment.control })}
          foot={foot}
          summary={t("journey.experiment.summary", { count: compared.length })}
          file={`otklik-experiment-${outcome.question?.question}`}
          draw={(width) =>
            drawBars(
              compared.map((one) => ({
                id: one.value ?? "",
                label: one.value ?? "",
                ...scaled(one.difference),
                colour: colourOf(one),
                note: t("score.n", { n: format.integer(integer(one.n)) }),
              })),
              labels.difference,
              format,
              width,
            )
          }
          more={
            <button type="button" className="quiet" onClick={() => save(outcome)}>
              CSV
            </button>
          }
        />
      )}
      <Table
        columns={[
          { label: t("journey.experiment.variant") },
          ...Object.values(labels).map((label) => ({ label, number: true })),
        ]}
      >
        {outcome.variants?.map((one) => (
          <tr key={one.value}>
            <th scope="row">{one.value}</th>
            <td className="number" data-label={labels.estimate}>
              {integer(one.n) === 0 ? "—" : format.fixed(one.estimate?.value ?? 0, digits)}
              {integer(one.n) > 0 && <Interval of={one.estimate?.interval} digits={digits} />}
              <span className="detail">{t("score.n", { n: format.integer(integer(one.n)) })}</span>
            </td>
            <td className="number" data-label={labels.difference}>
              {one.difference === undefined ? (
                one.value === experiment.control ? (
                  t("journey.experiment.isControl")
                ) : (
                  "—"
                )
              ) : (
                <>
                  {format.signed(one.difference.value ?? 0, digits)}
                  <Interval of={one.difference.interval} digits={digits} />
                  {one.detectable !== undefined && (
                    <span className="detail">
                      {t("journey.experiment.detectable", { least: format.fixed(one.detectable, digits) })}
                    </span>
                  )}
                </>
              )}
            </td>
            <td className="number" data-label={labels.p}>
              <Corrected test={one.test} />
              {one.testMethod && <span className="detail">{one.testMethod}</span>}
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

/** Only what is beyond chance has a colour. */
function colourOf({ different, difference }: ExperimentComparison): string {
  if (!different) {
    return "var(--muted)";
  }
  return (difference?.value ?? 0) < 0 ? "var(--bad)" : "var(--good)";
}

function save(outcome: ExperimentResult): void {
  saveTable(
    `otklik-experiment-${outcome.question?.question}`,
    [
      "variant",
      "n",
      "estimate",
      "lower",
      "upper",
      "difference",
      "difference_lower",
      "difference_upper",
      "test_method",
      "p",
      "p_adjusted",
      "different",
      "detectable",
    ],
    (outcome.variants ?? []).map((one) => [
      one.value,
      integer(one.n),
      integer(one.n) === 0 ? undefined : one.estimate?.value,
      one.estimate?.interval?.lower,
      one.estimate?.interval?.upper,
      one.difference?.value,
      one.difference?.interval?.lower,
      one.difference?.interval?.upper,
      one.testMethod,
      one.test?.pValue,
      one.test?.adjustedPValue,
      one.different ?? false,
      one.detectable,
    ]),
  );
}
