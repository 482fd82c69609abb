import { useTranslation } from "react-i18next";
import type { PerformanceBasis } from "../api/types";
import { useFormat } from "../app/hooks";
import { dayAfter } from "./query";
import type { View } from "./view";

/** The reasons for which places are left out, for which the page has words of its own. */
const reasons = ["GAP", "NO_VISITORS", "NO_SALES", "NO_PRESSES", "TOO_FEW_DAYS", "IDENTITY", "NEGATIVE"] as const;

/** What an analysis of operations rests on: days, places, those that were left out with the reason, and the conventions. */
export function Foundation({ basis, view }: { basis: PerformanceBasis | undefined; view: View }) {
  const { t } = useTranslation();
  const format = useFormat();
  const span = useSpan();
  if (basis === undefined) {
    return null;
  }
  const leftOut = basis.leftOut ?? [];
  const facts: [string, string][] = [
    [t("priorities.basis.definition"), `${basis.definition} @ ${basis.definitionVersion}`],
    [t("operations.basis.days"), span(basis)],
    [t("operations.basis.places"), format.integer(basis.locations ?? 0)],
    ...(basis.currency ? [[t("operations.currency"), basis.currency] as [string, string]] : []),
    [t("priorities.basis.conventions"), (basis.conventions ?? []).join(", ")],
  ];
  return (
    <>
      {leftOut.length > 0 && (
        <details className="basis leftOut" open={leftOut.length <= 5}>
          <summary>{t("operations.leftOut.title", { count: leftOut.length })}</summary>
          <ul>
            {leftOut.map(({ location, reason, missingDays }) => {
              const known = reasons.find((candidate) => candidate === reason);
              return (
                <li key={`${location} ${reason}`}>
                  <strong>{view.titleOf(location)}</strong>:{" "}
                  {known === undefined ? reason : t(`operations.leftOut.of.${known}`, { days: missingDays ?? 0 })}
                </li>
              );
            })}
          </ul>
        </details>
      )}
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
        <p className="muted">{t("operations.basis.calendar")}</p>
      </details>
    </>
  );
}

/** Writes the days of a basis, of which the last one stated does not belong to them. */
export function useSpan(): (of: { startDate?: string; endDate?: string }) => string {
  const format = useFormat();
  const day = (text: string) => format.day(new Date(`${text}T00:00:00Z`));
  return ({ startDate, endDate }) => (startDate && endDate ? `${day(startDate)} – ${day(dayAfter(endDate, -1))}` : "");
}

/** What the numbers of a chart rest on, in a line: places, days and definition. */
export function useFoot(basis: PerformanceBasis | undefined): string {
  const { t } = useTranslation();
  const format = useFormat();
  const span = useSpan();
  if (basis === undefined) {
    return "";
  }
  return [
    t("operations.basis.n", { n: format.integer(basis.locations ?? 0) }),
    span(basis),
    `${basis.definition} @ ${basis.definitionVersion}`,
  ].join(" · ");
}
