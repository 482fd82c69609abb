import { useTranslation } from "react-i18next";
import { integer, type Score } from "../api/types";
import { hasRefusals, refusals } from "../score/pick";
import { useFormat } from "./hooks";
import { Withheld } from "./ScoreCard";

/** The response rate, where refusals are recorded. */
export function RateCard({ score, loaded }: { score: Score | undefined; loaded: boolean }) {
  const { t } = useTranslation();
  if (score?.suppression) {
    return (
      <section className="card score">
        <h2>{t("metricTitles.METRIC_RESPONSE_RATE")}</h2>
        <Withheld score={score} />
      </section>
    );
  }
  return (
    <section className="card score" aria-busy={!loaded}>
      <h2>{t("metricTitles.METRIC_RESPONSE_RATE")}</h2>
      {!loaded && <p className="muted">{t("loading")}</p>}
      {loaded && (score?.estimate === undefined || !hasRefusals(score)) && (
        <p className={score?.estimate === undefined ? "none" : "muted"}>
          {score?.estimate === undefined ? t("score.noAnswers") : t("rate.noRefusals")}
        </p>
      )}
      {score?.estimate !== undefined && hasRefusals(score) && <Rate score={score} />}
    </section>
  );
}

function Rate({ score }: { score: Score }) {
  const { t } = useTranslation();
  const format = useFormat();
  const interval = format.interval(score);
  return (
    <>
      <p className="figure">{format.estimate(score)}</p>
      <p className="interval">
        {interval && `${t("score.interval", interval)} · `}
        {t("score.n", { n: format.integer(integer(score.n)) })}
      </p>
      <p className="muted">
        {t("rate.detail", {
          answered: format.integer(integer(score.counts?.answered)),
          refused: format.integer(refusals(score)),
        })}
      </p>
    </>
  );
}
