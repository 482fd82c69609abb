import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Resource } from "../app/hooks";
import { Problem } from "../app/Problem";

/** Why an analysis was refused, for which the page has words of its own. */
const reasons = [
  "NO_DATA",
  "TOO_MANY",
  "CURRENCIES_MIXED",
  "REGION_NOT_FOUND",
  "ITEMS_SINGULAR",
  "ITEM_CONSTANT",
  "NUMBERS_IMPOSSIBLE",
  "DATE_INVALID",
  "PERIODS_OVERLAP",
  "SEGMENTATION_UNAVAILABLE",
  "SCORING_UNAVAILABLE",
  "TOO_FEW_ANSWERS",
  "KPI_NOT_FOUND",
  "OPERATIONS_PERIOD_INVALID",
] as const;

/** An analysis once it is there; meanwhile that it is computed, or in plain words why there is none. */
export function Computed<T>({ of, children }: { of: Resource<T>; children: (value: T) => ReactNode }) {
  const { t } = useTranslation();
  const { value, error, reload } = of;
  if (value !== undefined) {
    return children(value);
  }
  if (error === undefined) {
    return (
      <p className="card computing" role="status">
        {t("priorities.computing")}
      </p>
    );
  }
  const reason = reasons.find((known) => known === error.reason);
  if (reason === undefined) {
    return <Problem error={error} retry={reload} />;
  }
  return (
    <section className="card refusal" role="alert">
      <h2>{t("priorities.refusal.title")}</h2>
      <p>{t(`operations.refusal.${reason}`)}</p>
      <p className="muted small" lang="en">
        {error.message}
      </p>
      {error.passing && (
        <p className="doing">
          <button type="button" onClick={reload}>
            {t("error.retry")}
          </button>
        </p>
      )}
    </section>
  );
}
