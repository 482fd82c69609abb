import { useTranslation } from "react-i18next";
import { integer, type OperationImport } from "../api/types";
import { useFormat } from "../app/hooks";
import { Csv } from "./Csv";
import { Rows } from "./Rows";
import type { View } from "./view";

/** Why a row was refused, for which the page has words of its own. */
const reasons = [
  "MISSING",
  "MALFORMED",
  "TOO_LONG",
  "NEGATIVE",
  "OUT_OF_RANGE",
  "IN_FUTURE",
  "CONTRADICTORY",
  "TIME_ZONE_MISSING",
  "SPANS_DAYS",
  "CURRENCY_UNKNOWN",
  "TOO_MANY_DIGITS",
  "REPEATED",
  "IDENTITY_VIOLATED",
  "LOCATION_UNKNOWN",
  "EMPLOYEE_UNKNOWN",
  "BEFORE_OPENING",
  "OVERLAPPING",
  "COUNTED_TWICE",
] as const;

/** What became of the rows of a table, or would: how many are new, and why others are refused. */
export function Imported({ result, view }: { result: OperationImport; view: View }) {
  const { t } = useTranslation();
  const format = useFormat();
  const refusals = result.refusals ?? [];
  const refused = integer(result.refusedCount);
  const figures = [
    ["received", result.receivedCount],
    ["created", result.createdCount],
    ["updated", result.updatedCount],
    ["unchanged", result.unchangedCount],
    ["refused", result.refusedCount],
  ] as const;
  const labels = { field: t("operations.import.field"), why: t("operations.import.why") };
  return (
    <section className="card analysis" aria-live="polite">
      <h2>{t(result.dryRun ? "operations.import.tried" : "operations.import.stored")}</h2>
      <p>
        {t(
          result.dryRun
            ? refused > 0
              ? "operations.import.triedRefused"
              : "operations.import.triedClean"
            : "operations.import.storedSays",
        )}
      </p>
      <dl className="figures">
        {figures.map(([name, count]) => (
          <div key={name}>
            <dt>{t(`operations.import.countOf.${name}`)}</dt>
            <dd>{format.integer(integer(count))}</dd>
          </div>
        ))}
      </dl>
      {(result.ignoredColumns ?? []).length > 0 && (
        <p className="muted">{t("operations.import.ignored", { columns: result.ignoredColumns?.join(", ") })}</p>
      )}
      {refusals.length > 0 && (
        <>
          <h3>{t("operations.import.refused")}</h3>
          <Rows
            columns={[{ label: t("operations.import.line") }, { label: labels.field }, { label: labels.why }]}
            items={refusals}
            row={({ row, line, field, reason, description }, i) => {
              const known = reasons.find((candidate) => candidate === reason);
              return (
                <tr key={`${i} ${row} ${field}`}>
                  <th scope="row">{format.integer(integer(line) || integer(row))}</th>
                  <td data-label={labels.field}>{field ? <code>{field}</code> : t("operations.import.wholeRow")}</td>
                  <td data-label={labels.why}>
                    {known === undefined ? reason : t(`operations.import.reasonOf.${known}`)}
                    <span className="detail" lang="en">
                      {description}
                    </span>
                  </td>
                </tr>
              );
            }}
          />
          {refused > refusals.length && refusals.length >= 1_000 && (
            <p className="muted">{t("operations.import.moreRefused")}</p>
          )}
          <p className="saving">
            <span className="muted">{t("charts.save")}</span>
            <Csv
              file="otklik-refused"
              head={["row", "line", "field", "reason", "description"]}
              rows={() =>
                refusals.map((one) => [integer(one.row), integer(one.line), one.field, one.reason, one.description])
              }
            />
          </p>
        </>
      )}
      {!result.dryRun && (
        <button type="button" onClick={() => view.change({ analysis: "summary", place: "" })}>
          {t("operations.import.look")}
        </button>
      )}
    </section>
  );
}
