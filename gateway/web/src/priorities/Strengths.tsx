import { useTranslation } from "react-i18next";
import { integer, type StrengthsAnswer, type TopicEffect } from "../api/types";
import { useFormat } from "../app/hooks";
import { Table } from "../app/Table";
import { drawBars } from "../charts/Bars";
import { Figure } from "../charts/Figure";
import { saveTable } from "../charts/save";
import { Analysed } from "./Analysed";
import { useAnalysis } from "./analysis";
import { Basis, useFoot } from "./Basis";
import { Behind } from "./Behind";
import { KeyField } from "./KeyField";
import { scaled } from "./numbers";
import { Corrected, Interval } from "./parts";
import { queryOf, type Subject, titleOf, valueTitle } from "./subject";

/** So many effects are drawn at each end; the table has all. */
const most = 12;

const colours = {
  TOPIC_VERDICT_STRENGTH: "var(--good)",
  TOPIC_VERDICT_WEAKNESS: "var(--bad)",
  TOPIC_VERDICT_NEITHER: "var(--muted)",
} as const;

type Verdict = keyof typeof colours;

function verdictOf(effect: TopicEffect): Verdict {
  return (effect.verdict as Verdict | undefined) ?? "TOPIC_VERDICT_NEITHER";
}

/** Which topics pull the outcome up or down. */
export function Strengths({ subject }: { subject: Subject }) {
  const { address } = subject;
  const { t } = useTranslation();
  const by = address.by || "theme";
  const answer = useAnalysis<StrengthsAnswer>(subject.client, "strengths:query", {
    query: queryOf(address),
    ...(address.outcome === "" ? {} : { outcome: address.outcome }),
    by,
  });
  return (
    <>
      <section className="card analysis">
        <h2>{t("priorities.strengths.title")}</h2>
        <p className="muted">{t("priorities.strengths.explain")}</p>
        <div className="selectors">
          <KeyField
            label={t("priorities.by")}
            subject={subject}
            value={by}
            choose={(key) => subject.change({ by: key })}
          />
        </div>
      </section>
      <Analysed of={answer} subject={subject}>
        {(strengths) => <Shown subject={subject} answer={strengths} by={by} />}
      </Analysed>
    </>
  );
}

function Shown({ subject, answer, by }: { subject: Subject; answer: StrengthsAnswer; by: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(answer.basis);
  const effects = answer.effects ?? [];
  const digits = answer.metric === "OUTCOME_METRIC_NPS" ? 1 : 2;
  const outcome = titleOf(subject, answer.outcome);
  const drawn = effects.length > 2 * most ? [...effects.slice(0, most), ...effects.slice(-most)] : effects;
  const count = (verdict: Verdict) => effects.filter((effect) => verdictOf(effect) === verdict).length;
  const axis = t("priorities.strengths.effect");
  if (effects.length === 0) {
    return (
      <section className="card analysis">
        <p>{t("priorities.strengths.none")}</p>
        <Basis basis={answer.basis} />
      </section>
    );
  }
  return (
    <section className="card analysis">
      <p>
        {t("priorities.strengths.overall", {
          outcome,
          overall: format.fixed(answer.overall ?? 0, digits),
          n: format.integer(integer(answer.outcome?.n)),
          strengths: count("TOPIC_VERDICT_STRENGTH"),
          weaknesses: count("TOPIC_VERDICT_WEAKNESS"),
        })}
      </p>
      <Figure
        title={t("priorities.strengths.chart", { outcome })}
        foot={foot}
        summary={t("priorities.strengths.summary", {
          count: drawn.length,
          strengths: count("TOPIC_VERDICT_STRENGTH"),
          weaknesses: count("TOPIC_VERDICT_WEAKNESS"),
        })}
        file="otklik-strengths"
        draw={(width) =>
          drawBars(
            drawn.map((effect) => ({
              id: effect.value ?? "",
              label: valueTitle(subject, t, by, effect.value ?? ""),
              ...scaled(effect.effect),
              colour: colours[verdictOf(effect)],
              note: t("score.n", { n: format.integer(integer(effect.count)) }),
            })),
            axis,
            format,
            width,
          )
        }
        more={
          <button type="button" className="quiet" onClick={() => save(effects)}>
            CSV
          </button>
        }
      />
      <Effects {...{ subject, effects, by, digits }} />
      <p className="muted small">{t("priorities.strengths.corrected", { count: answer.family ?? 0 })}</p>
      <Basis basis={answer.basis} />
    </section>
  );
}

function Effects(props: { subject: Subject; effects: readonly TopicEffect[]; by: string; digits: number }) {
  const { subject, by, digits } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const labels = {
    effect: t("priorities.strengths.effect"),
    level: t("priorities.strengths.level"),
    n: t("trend.nHead"),
    p: t("priorities.p"),
  };
  const columns = [{ label: t("priorities.part") }, ...Object.values(labels).map((label) => ({ label, number: true }))];
  return (
    <Table columns={columns}>
      {props.effects.map((effect) => (
        <tr key={effect.value}>
          <th scope="row">
            <Behind subject={subject} by={by} value={effect.value ?? ""} />
            <span className={`detail ${verdictOf(effect)}`}>
              {t(`priorities.strengths.verdict.${verdictOf(effect)}`)}
            </span>
          </th>
          <td className="number" data-label={labels.effect}>
            {format.signed(effect.effect?.value ?? 0, digits)}
            <Interval of={effect.effect?.interval} digits={digits} />
          </td>
          <td className="number" data-label={labels.level}>
            {format.fixed(effect.level ?? 0, digits)}
          </td>
          <td className="number" data-label={labels.n}>
            {format.integer(integer(effect.count))}
          </td>
          <td className="number" data-label={labels.p}>
            <Corrected test={effect.test} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function save(effects: readonly TopicEffect[]): void {
  saveTable(
    "otklik-strengths",
    ["value", "count", "level", "effect", "effect_lower", "effect_upper", "p_adjusted", "verdict"],
    effects.map((effect) => [
      effect.value,
      integer(effect.count),
      effect.level,
      effect.effect?.value,
      effect.effect?.interval?.lower,
      effect.effect?.interval?.upper,
      effect.test?.adjustedPValue,
      effect.verdict,
    ]),
  );
}
