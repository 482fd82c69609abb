import { useTranslation } from "react-i18next";
import { type CrosstabAnswer, type CrosstabCell, integer } from "../api/types";
import { Go } from "../app/Go";
import { useFormat } from "../app/hooks";
import { saveTable } from "../charts/save";
import { both, condition } from "../score/filter";
import { Analysed } from "./Analysed";
import { useAnalysis } from "./analysis";
import { Basis } from "./Basis";
import { KeyField } from "./KeyField";
import { Interval } from "./parts";
import { firstOutcome, keyTitle, queryOf, type Subject, valueTitle } from "./subject";

/** Whether one answer goes with another: a table with tests. */
export function Crosstab({ subject }: { subject: Subject }) {
  const { address, change } = subject;
  const { t } = useTranslation();
  const row = address.row || "channel";
  const column = address.column || `answers.${address.outcome || firstOutcome(subject.questions)}`;
  const answer = useAnalysis<CrosstabAnswer>(
    subject.client,
    "crosstab:query",
    row === column ? undefined : { query: queryOf(address), row, column },
  );
  return (
    <>
      <section className="card analysis">
        <h2>{t("priorities.crosstab.title")}</h2>
        <p className="muted">{t("priorities.crosstab.explain")}</p>
        <div className="selectors">
          <KeyField
            label={t("priorities.crosstab.rows")}
            subject={subject}
            value={row}
            choose={(key) => change({ row: key })}
            questions
          />
          <KeyField
            label={t("priorities.crosstab.columns")}
            subject={subject}
            value={column}
            choose={(key) => change({ column: key })}
            questions
          />
        </div>
        {row === column && <p>{t("priorities.crosstab.same")}</p>}
      </section>
      {row !== column && (
        <Analysed of={answer} subject={subject}>
          {(table) => <Shown {...{ subject, table, row, column }} />}
        </Analysed>
      )}
    </>
  );
}

interface Props {
  subject: Subject;
  table: CrosstabAnswer;
  row: string;
  column: string;
}

function Shown({ subject, table, row, column }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const cells = new Map((table.cells ?? []).map((cell) => [`${cell.row ?? 0}/${cell.column ?? 0}`, cell]));
  const p = table.exactPValue ?? table.test?.pValue ?? 1;
  return (
    <section className="card analysis">
      <p className="headline">
        {t(p < 0.05 ? "priorities.crosstab.related" : "priorities.crosstab.unrelated", {
          p: format.probability(p).replace(/^(?!<)/, "= "),
          v: format.fixed(table.association?.value ?? 0, 2),
        })}
        <Interval of={table.association?.interval} digits={2} />
      </p>
      {table.rough && <p className="muted">{t("priorities.crosstab.rough", { count: table.smallCells ?? 0 })}</p>}
      <div className="wide">
        <table className="crosstab">
          <caption className="muted">
            {t("priorities.crosstab.caption", { n: format.integer(integer(table.basis?.responses)) })}
          </caption>
          <thead>
            <tr>
              <th scope="col">{keyTitle(subject, t, row)}</th>
              {table.columns?.map(({ value, count }) => (
                <th key={value} scope="col" className="number">
                  {valueTitle(subject, t, column, value ?? "")}
                  <span className="detail">{t("score.n", { n: format.integer(integer(count)) })}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows?.map(({ value, count }, i) => (
              <tr key={value}>
                <th scope="row">
                  {valueTitle(subject, t, row, value ?? "")}
                  <span className="detail">{t("score.n", { n: format.integer(integer(count)) })}</span>
                </th>
                {table.columns?.map((other, j) => (
                  <Cell
                    key={other.value}
                    subject={subject}
                    cell={cells.get(`${i}/${j}`)}
                    filter={both(condition(row, value ?? ""), condition(column, other.value ?? ""))}
                  />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="muted small">{t("priorities.crosstab.legend")}</p>
      <fieldset className="saving" aria-label={t("charts.save")}>
        <span className="muted">{t("charts.save")}</span>
        <button type="button" className="quiet" onClick={() => save(table)}>
          CSV
        </button>
      </fieldset>
      <Basis basis={table.basis} />
    </section>
  );
}

/** A cell with its share of the row; an arrow and a shade tell where there are more or fewer than chance would have. */
function Cell({ subject, cell, filter }: { subject: Subject; cell: CrosstabCell | undefined; filter: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { address } = subject;
  const beyond = (cell?.test?.adjustedPValue ?? 1) < 0.05;
  const more = (cell?.residual ?? 0) > 0;
  const count = integer(cell?.count);
  return (
    <td className={`number ${beyond ? (more ? "more" : "fewer") : ""}`}>
      {format.fixed(100 * (cell?.rowShare?.value ?? 0), 1)}
      {"\u00a0"}%
      {beyond && (
        <>
          {" "}
          <span aria-hidden="true">{more ? "▲" : "▼"}</span>
          <span className="hidden">{t(more ? "priorities.crosstab.more" : "priorities.crosstab.fewer")}</span>
        </>
      )}
      <Interval of={cell?.rowShare?.interval} digits={1} factor={100} />
      <span className="detail">
        {count === 0 ? (
          t("score.n", { n: format.integer(count) })
        ) : (
          <Go
            {...subject}
            to={{ page: "", question: address.outcome, metric: "", filter: both(address.filter, filter) }}
          >
            {t("score.n", { n: format.integer(count) })}
          </Go>
        )}
      </span>
    </td>
  );
}

function save(table: CrosstabAnswer): void {
  saveTable(
    "otklik-crosstab",
    ["row", "column", "count", "expected", "row_share", "row_share_lower", "row_share_upper", "residual", "p_adjusted"],
    (table.cells ?? []).map((cell) => [
      table.rows?.[cell.row ?? 0]?.value,
      table.columns?.[cell.column ?? 0]?.value,
      integer(cell.count),
      cell.expected,
      cell.rowShare?.value,
      cell.rowShare?.interval?.lower,
      cell.rowShare?.interval?.upper,
      cell.residual,
      cell.test?.adjustedPValue,
    ]),
  );
}
