import { useTranslation } from "react-i18next";
import type { AnalysisTest, ConfidenceInterval } from "../api/types";
import { useFormat } from "../app/hooks";

/** An interval below its estimate, as it is written beside scores. */
export function Interval(props: {
  of: ConfidenceInterval | undefined;
  digits: number;
  factor?: number;
  unit?: string;
}) {
  const { of, digits, factor = 1, unit = "" } = props;
  const { t } = useTranslation();
  const format = useFormat();
  if (of?.lower === undefined || of.upper === undefined) {
    return <span className="detail">{t("priorities.noInterval")}</span>;
  }
  return (
    <span className="detail">
      {t("score.interval", {
        level: `${format.plain((of.level ?? 0.95) * 100)}\u00a0%`,
        lower: format.fixed(of.lower * factor, digits),
        upper: format.fixed(of.upper * factor, digits) + unit,
      })}
    </span>
  );
}

/** The corrected p-value of a test, and whether that is beyond chance. */
export function Corrected({ test }: { test: AnalysisTest | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (test?.adjustedPValue === undefined) {
    return <>—</>;
  }
  return (
    <>
      {format.probability(test.adjustedPValue)}
      {test.adjustedPValue >= 0.05 && <span className="detail">{t("priorities.chance")}</span>}
    </>
  );
}
