import { useTranslation } from "react-i18next";
import { integer, type Metric, type Score } from "../api/types";
import { useFormat } from "./hooks";
import { Parts } from "./Parts";

type VariantKey = "VARIANT_NPS_ANSWERED";
type BandKey = "STRONG";

interface Props {
  metric: Metric;
  score: Score | undefined;
  beside: readonly Score[];
  loaded: boolean;
}

/** The score of a question, with its interval, its base and its other variants. */
export function ScoreCard({ metric, score, beside, loaded }: Props) {
  const { t } = useTranslation();
  return (
    <section className="card score" aria-busy={!loaded}>
      <h2>{t(`metricTitles.${metric as "METRIC_NPS"}`)}</h2>
      {!loaded && <p className="muted">{t("loading")}</p>}
      {loaded && score?.suppression && <Withheld score={score} />}
      {loaded && !score?.suppression && (score?.estimate === undefined ? <NoAnswers /> : <Estimate score={score} />)}
      {score?.estimate !== undefined && <Parts score={score} />}
      {beside.length > 0 && (
        <ul className="beside">
          {beside.map((other) => (
            <li key={`${other.variant}`}>
              <Beside score={other} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Says that a score is withheld, and why: it is neither missing nor zero. */
export function Withheld({ score }: { score: Score }) {
  const { t } = useTranslation();
  return (
    <>
      <p className="none">{t("score.withheld")}</p>
      <p className="muted">{t(`score.withheldWhy.${score.suppression as "SUPPRESSION_FEW_ANSWERS"}`)}</p>
    </>
  );
}

function NoAnswers() {
  const { t } = useTranslation();
  return (
    <>
      <p className="none">{t("score.noAnswers")}</p>
      <p className="muted">{t("score.noAnswersHint")}</p>
    </>
  );
}

function Estimate({ score }: { score: Score }) {
  const { t } = useTranslation();
  const format = useFormat();
  const interval = format.interval(score);
  return (
    <>
      <p className="figure">{format.estimate(score)}</p>
      <p className="interval">
        {interval ? t("score.interval", interval) : t("score.noInterval")} ·{" "}
        {t("score.n", { n: format.integer(integer(score.n)) })}
      </p>
      <p className="muted">{t(`score.policy.${score.variant as VariantKey}`, { scale: format.scale(score) })}</p>
      {score.band && <p className="band">{t(`score.band.${score.band as BandKey}`)}</p>}
    </>
  );
}

function Beside({ score }: { score: Score }) {
  const { t } = useTranslation();
  const format = useFormat();
  const interval = format.interval(score);
  if (score.suppression) {
    return <span className="muted">{t("score.withheld")}</span>;
  }
  return (
    <>
      <strong>{format.estimate(score) ?? t("score.noAnswers")}</strong>{" "}
      <span className="interval">
        {interval && `${t("score.interval", interval)} · `}
        {t("score.n", { n: format.integer(integer(score.n)) })}
      </span>
      <br />
      <span className="muted">{t(`score.policy.${score.variant as VariantKey}`, { scale: format.scale(score) })}</span>
    </>
  );
}
