import { useTranslation } from "react-i18next";
import { type AnalysisBasis, integer } from "../api/types";
import { useFormat } from "../app/hooks";

/** The reasons for which answers are left out, for which the page has words of its own. */
const reasons = ["NO_ANSWER", "INCOMPLETE", "FILTER", "PERIOD", "POPULATION", "AS_OF", "MARGIN", "PROTECTION"] as const;

/** What an analysis rests on: n, definition, up to when answers were counted, what was left out, and the conventions. */
export function Basis({ basis }: { basis: AnalysisBasis | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (basis === undefined) {
    return null;
  }
  const facts: [string, string][] = [
    [t("priorities.basis.definition"), `${basis.definition} @ ${basis.definitionVersion}`],
    [t("priorities.basis.responses"), format.integer(integer(basis.responses))],
  ];
  if (basis.effectiveN !== undefined) {
    facts.push([t("priorities.basis.effectiveN"), format.integer(Math.round(basis.effectiveN))]);
  }
  for (const { reason, count } of basis.leftOut ?? []) {
    const known = reasons.find((candidate) => candidate === reason);
    const why = known === undefined ? (reason ?? "") : t(`priorities.basis.leftOutOf.${known}`);
    facts.push([t("priorities.basis.leftOut", { why }), format.integer(integer(count))]);
  }
  if (basis.watermark !== undefined) {
    facts.push([t("priorities.basis.watermark"), format.moment(basis.watermark)]);
  }
  const missing = basis.missing ?? "MISSING_METHOD_UNSPECIFIED";
  if (missing !== "MISSING_METHOD_UNSPECIFIED") {
    facts.push([t("priorities.basis.missing"), t(`priorities.basis.missingOf.${missing}`)]);
  }
  if (basis.repaired) {
    facts.push([t("priorities.basis.repaired"), format.fixed(basis.leastEigenvalue ?? 0, 3)]);
  }
  if (integer(basis.draws) > 0) {
    facts.push([t("priorities.basis.draws"), format.integer(integer(basis.draws))]);
  }
  facts.push([t("priorities.basis.conventions"), (basis.conventions ?? []).join(", ")]);
  return (
    <details className="basis">
      <summary>{t("priorities.basis.title")}</summary>
      <dl className="facts">
        {facts.map(([title, text]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {(basis.notes ?? []).length > 0 && (
        <>
          <p className="muted">{t("priorities.basis.notes")}</p>
          <ul lang="en">
            {basis.notes?.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </>
      )}
      <p className="muted">{t("priorities.basis.days")}</p>
    </details>
  );
}

/** What the numbers of a chart rest on, in a line: n, definition, and up to when answers were counted. */
export function useFoot(basis: AnalysisBasis | undefined): string {
  const { t } = useTranslation();
  const format = useFormat();
  if (basis === undefined) {
    return "";
  }
  const parts = [
    t("score.n", { n: format.integer(integer(basis.responses)) }),
    `${basis.definition} @ ${basis.definitionVersion}`,
  ];
  if (basis.watermark !== undefined) {
    parts.push(t("watermark", { time: format.moment(basis.watermark) }));
  }
  if (basis.filter) {
    parts.push(basis.filter);
  }
  return parts.join(" · ");
}
