import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { OperationImport, OperationImportAnswer, OperationKind, OperationTable } from "../api/types";
import { useAction } from "../app/action";
import { Problem } from "../app/Problem";
import { Imported } from "./Imported";
import { bytesText, isWorkbook, mappingOf, mostBytes } from "./table";
import type { View } from "./view";

/** The kinds of records with the columns of their tables; those in brackets may be missing. */
const kinds = {
  OPERATION_KIND_VISITORS: "location, start_time, [end_time], [device], visitors",
  OPERATION_KIND_SALES:
    "location, start_time, [end_time], receipts, revenue, [currency], [units], [visitors], [conversion], [average_check]",
  OPERATION_KIND_RECEIPTS: "id, location, time, amount, [currency], [units], [employee]",
  OPERATION_KIND_PRESSES: "location, start_time, [end_time], [employee], consultations, likes, dislikes, helps | press",
  OPERATION_KIND_MYSTERY_VISITS: "id, location, time, [employee], criterion, outcome, [weight]",
  OPERATION_KIND_TERMINALS: "location, start_time, end_time, shown, begun, completed, in_service_seconds",
  OPERATION_KIND_EMOTIONS: "location, time, [employee], subject, emotion, score",
  OPERATION_KIND_POLICY_CHANGES: "[id], [location], time, policy, [description]",
  OPERATION_KIND_SHIFTS: "location, start_time, end_time, employee, [role]",
} as const satisfies Partial<Record<OperationKind, string>>;

type Kind = keyof typeof kinds;

/** How long intervals may be whose end is not stated, in seconds. */
const intervals = ["900s", "1800s", "3600s", "86400s"] as const;

const organization = "organization";

/** Takes in a table, CSV or XLSX: first it is tried, then it is stored. Rows that are refused are told with the reason, and the others are stored. */
export function Import({ view }: { view: View }) {
  const { t } = useTranslation();
  const action = useAction();
  const [kind, setKind] = useState<Kind>("OPERATION_KIND_VISITORS");
  const [file, setFile] = useState<File>();
  const [timeZone, setTimeZone] = useState<string>(organization);
  const [currency, setCurrency] = useState("");
  const [interval, setInterval] = useState("");
  const [ignore, setIgnore] = useState(false);
  const [mapping, setMapping] = useState("");
  const [done, setDone] = useState<{ of: string; result: OperationImport }>();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const named = mappingOf(mapping);
  const tooGreat = file !== undefined && file.size > mostBytes;
  const table: OperationTable = {
    kind,
    ...(file !== undefined && isWorkbook(file.name) ? { format: "FORMAT_XLSX" } : {}),
    ...(timeZone === "" ? {} : { timeZone }),
    ...(/^[A-Za-z]{3}$/.test(currency) ? { currency: currency.toUpperCase() } : {}),
    ...(interval === "" ? {} : { interval }),
    ...(named === undefined || Object.keys(named).length === 0 ? {} : { mapping: named }),
    ignoreUnknownColumns: ignore,
  };
  const asked = JSON.stringify([table, file?.name, file?.size, file?.lastModified]);
  const send = (dryRun: boolean) =>
    void action.run(async () => {
      if (file === undefined) {
        return;
      }
      const data = await bytesText(file);
      const answer = await view.client.send<OperationImportAnswer>("POST", "operations:import", {
        table,
        data,
        dryRun,
      });
      setDone({ of: asked, result: answer.import ?? {} });
    });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    send(true);
  };
  // What was tried of another file or otherwise says nothing of this one.
  const tried = done?.of === asked ? done.result : undefined;
  const ready = file !== undefined && !tooGreat && named !== undefined && !action.busy;
  const storable = tried?.dryRun === true && Number(tried.createdCount ?? 0) + Number(tried.updatedCount ?? 0) > 0;
  return (
    <>
      <form className="card import" onSubmit={submit}>
        <h2>{t("operations.import.title")}</h2>
        <p className="muted">{t("operations.import.explain")}</p>
        <div className="selectors">
          <label>
            <span>{t("operations.import.kind")}</span>
            <select value={kind} onChange={(e) => setKind(e.target.value as Kind)}>
              {Object.keys(kinds).map((candidate) => (
                <option key={candidate} value={candidate}>
                  {t(`operations.kindOf.${candidate as Kind}`)}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>{t("operations.import.file")}</span>
            <input
              type="file"
              accept=".csv,.gz,.xlsx,text/csv,application/gzip,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
              onChange={(e) => setFile(e.target.files?.[0])}
            />
          </label>
        </div>
        <p className="small">
          {t("operations.import.columns")} <code>{kinds[kind]}</code>
        </p>
        {tooGreat && <p role="alert">{t("operations.import.tooGreat")}</p>}
        <div className="selectors">
          <label>
            <span>{t("operations.import.timeZone")}</span>
            <select value={timeZone} onChange={(e) => setTimeZone(e.target.value)}>
              <option value={organization}>{t("operations.import.zoneOrganization")}</option>
              <option value={own}>{t("operations.import.zoneOwn", { zone: own })}</option>
              <option value="">{t("operations.import.zoneStated")}</option>
            </select>
          </label>
          <label>
            <span>{t("operations.import.currency")}</span>
            <input
              value={currency}
              maxLength={3}
              size={5}
              placeholder="KGS"
              onChange={(e) => setCurrency(e.target.value)}
            />
          </label>
          <label>
            <span>{t("operations.import.interval")}</span>
            <select value={interval} onChange={(e) => setInterval(e.target.value)}>
              <option value="">{t("operations.import.intervalStated")}</option>
              {intervals.map((candidate) => (
                <option key={candidate} value={candidate}>
                  {t(`operations.import.intervalOf.${candidate}`)}
                </option>
              ))}
            </select>
          </label>
        </div>
        <details open={named === undefined || undefined}>
          <summary>{t("operations.import.otherColumns")}</summary>
          <label className="field">
            <span>{t("operations.import.mapping")}</span>
            <textarea
              rows={3}
              value={mapping}
              spellCheck={false}
              placeholder={"Магазин = location\nДата = start_time"}
              onChange={(e) => setMapping(e.target.value)}
            />
          </label>
          {named === undefined && <p role="alert">{t("operations.import.mappingWrong")}</p>}
          <label className="choice">
            <input type="checkbox" checked={ignore} onChange={(e) => setIgnore(e.target.checked)} />{" "}
            <span>{t("operations.import.ignore")}</span>
          </label>
        </details>
        <div className="row">
          <button type="submit" disabled={!ready}>
            {t("operations.import.try")}
          </button>
          <button type="button" disabled={!ready || !storable} onClick={() => send(false)}>
            {t("operations.import.store")}
          </button>
        </div>
        {action.busy && <p role="status">{t("operations.import.reading")}</p>}
        {action.error !== undefined &&
          (action.error.reason === "OPERATIONS_TABLE_INVALID" ? (
            <div className="problem" role="alert">
              <p>{t("operations.import.invalid")}</p>
              <p className="small" lang="en">
                {action.error.message}
              </p>
            </div>
          ) : action.error.reason === "FILE_UNREADABLE" ? (
            <p className="problem" role="alert">
              {t("operations.import.unreadable")}
            </p>
          ) : action.error.status === 504 ? (
            <p className="problem" role="alert">
              {t("operations.import.tooLong")}
            </p>
          ) : (
            <Problem error={action.error} />
          ))}
      </form>
      {tried !== undefined && <Imported result={tried} view={view} />}
    </>
  );
}
