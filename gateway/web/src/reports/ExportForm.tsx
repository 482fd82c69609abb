import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { Survey } from "../api/types";
import { useAction } from "../app/action";
import { useAddress } from "../app/address";
import { DayFields } from "../app/SurveyPage";
import { usePublished, useRevision } from "../app/surveys";
import type { Language } from "../i18n";
import { keys } from "../priorities/subject";
import { periodOf } from "../score/period";
import { Choices, Field, ListField } from "../settings/parts";
import { type Batch, BatchFields } from "./BatchFields";
import { columnsOf, exportFormats, exportKinds, type Kind, ofSurvey, operationKinds } from "./exports";
import { Options, Select } from "./fields";
import { Refused } from "./Refused";
import type { PartProps } from "./Reports";
import type { Export } from "./types";

type Columns = readonly string[];

/** Asks for what is to be exported. */
export function ExportForm(props: PartProps & { save: (wanted: Export) => Promise<void>; cancel: () => void }) {
  const { client, may, save, cancel } = props;
  const { t, i18n } = useTranslation();
  const [address] = useAddress();
  const action = useAction();
  const surveys = usePublished(client).value ?? [];
  const kinds = (Object.keys(exportKinds) as (keyof typeof exportKinds)[]).filter((kind) => may(exportKinds[kind]));
  const [kind, setKind] = useState<Kind>(kinds[0] ?? "KIND_RESPONSES");
  const [chosenSurvey, setSurvey] = useState(address.survey);
  const [days, setDays] = useState({ from: address.from === "all" ? "" : address.from, to: address.to });
  const [filter, setFilter] = useState(address.filter);
  const [format, setFormat] = useState<"FORMAT_CSV" | "FORMAT_XLSX" | "FORMAT_JSONL">("FORMAT_CSV");
  const [mark, setMark] = useState(true);
  const [columns, setColumns] = useState<Columns>([]);
  const [operation, setOperation] = useState<(typeof operationKinds)[number]>("OPERATION_KIND_VISITORS");
  const [by, setBy] = useState("");
  const [batch, setBatch] = useState<Batch>({
    report: "reports/store-scorecard",
    form: "REPORT_FORMAT_PDF",
    region: "",
  });
  const needed = ofSurvey.includes(kind);
  const known = surveys.some((s) => s.name === chosenSurvey) ? chosenSurvey : "";
  const archived = kind === "KIND_REPORTS";
  const survey = needed || archived ? known || (surveys[0]?.name ?? "") : kind === "KIND_COMMENTS" ? known : "";
  const period = periodOf(days.from, days.to);
  const shown = surveys.find((s) => s.name === survey);
  const rows = (): Export => ({
    kind,
    format,
    survey,
    ...(period === undefined ? {} : { period }),
    ...(filter.trim() === "" ? {} : { filter: filter.trim() }),
    columns: columns.map((column) => column.trim()).filter((column) => column !== ""),
    byteOrderMark: format === "FORMAT_CSV" && mark,
    ...(kind === "KIND_OPERATIONS" ? { operationKind: operation } : {}),
    ...(kind === "KIND_SCORES" && by !== "" ? { scores: { groupBy: [by] } } : {}),
  });
  const archive = (): Export => ({
    kind,
    format: "FORMAT_ZIP",
    reports: {
      query: {
        name: batch.report,
        languageCode: i18n.language as Language,
        ...(survey === "" ? {} : { survey }),
        ...(period === undefined ? {} : { period }),
        ...(filter.trim() === "" ? {} : { filter: filter.trim() }),
      },
      format: batch.form,
      region: batch.region,
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    void action.run(() => save(kind === "KIND_REPORTS" ? archive() : rows()));
  };
  return (
    <form className="card form" onSubmit={submit}>
      <h3>{t("reports.exports.create")}</h3>
      <div className="fields">
        <Select
          label={t("reports.exports.what")}
          value={kind}
          change={(k) => {
            setKind(k as Kind);
            setColumns([]);
          }}
        >
          <Options of={kinds} text={(k) => t(`reports.exports.kind.${k}`)} />
        </Select>
        {archived && <BatchFields {...props} value={batch} change={setBatch} />}
        {(needed || archived || kind === "KIND_COMMENTS") && (
          <Select
            label={t("comments.survey")}
            value={survey}
            change={(s) => {
              setSurvey(s);
              setColumns([]);
            }}
          >
            {kind === "KIND_COMMENTS" && <option value="">{t("comments.all")}</option>}
            <Options
              of={surveys.map((s) => s.name ?? "")}
              text={(n) => surveys.find((s) => s.name === n)?.displayName ?? n}
            />
          </Select>
        )}
        {kind === "KIND_OPERATIONS" && (
          <Select
            label={t("reports.exports.records")}
            value={operation}
            change={(o) => setOperation(o as (typeof operationKinds)[number])}
          >
            <Options of={operationKinds} text={(o) => t(`reports.exports.operation.${o}`)} />
          </Select>
        )}
        {kind === "KIND_SCORES" && (
          <Select label={t("priorities.by")} value={by} change={setBy}>
            <option value="">{t("reports.exports.notApart")}</option>
            <Options of={keys} text={(k) => t(`priorities.keyOf.${k}`)} />
          </Select>
        )}
        {!archived && (
          <Select label={t("reports.exports.format")} value={format} change={(f) => setFormat(f as "FORMAT_CSV")}>
            <Options
              of={["FORMAT_CSV", "FORMAT_XLSX", "FORMAT_JSONL"] as const}
              text={(f) => `${exportFormats[f]} — ${t(`reports.exports.formatHint.${f}`)}`}
            />
          </Select>
        )}
        <Field
          label={t("reports.definitions.filter")}
          hint={t("reports.exports.filterHint")}
          value={filter}
          change={setFilter}
          maxLength={4096}
        />
      </div>
      <div className="selectors">
        <DayFields days={days} change={setDays} />
      </div>
      {format === "FORMAT_CSV" && !archived && (
        <label className="choice">
          <input type="checkbox" checked={mark} onChange={(e) => setMark(e.target.checked)} />
          <span>{t("reports.exports.mark")}</span>
        </label>
      )}
      {kind === "KIND_RESPONSES" && shown !== undefined ? (
        <ColumnChoices
          key={survey}
          client={client}
          survey={shown}
          persons={may("survey.persons.view")}
          chosen={columns}
          change={setColumns}
        />
      ) : archived ? null : (
        <ListField
          label={t("reports.exports.columns")}
          hint={t("reports.exports.columnsHint")}
          value={columns.join("\n")}
          change={(text) => setColumns(text === "" ? [] : text.split("\n"))}
        />
      )}
      <Refused error={action.error} />
      <div className="row">
        <button type="submit" disabled={action.busy || (needed && survey === "")}>
          {t("reports.exports.begin")}
        </button>
        <button type="button" onClick={cancel}>
          {t("settings.cancel")}
        </button>
      </div>
    </form>
  );
}

/** Chooses the columns of responses; none means all that the reader may see. */
function ColumnChoices(props: {
  client: Client;
  survey: Survey;
  persons: boolean;
  chosen: Columns;
  change: (columns: Columns) => void;
}) {
  const { client, survey, persons, chosen, change } = props;
  const { t } = useTranslation();
  const revision = useRevision(client, survey).value;
  const open = columnsOf(revision?.questionnaire?.questions ?? []).filter(({ personal }) => persons || !personal);
  const names = open.map(({ name }) => name);
  return (
    <details>
      <summary>
        {t("reports.exports.columns")}:{" "}
        {chosen.length === 0 ? t("reports.exports.allColumns") : t("reports.exports.chosen", { n: chosen.length })}
      </summary>
      <Choices
        legend={t("reports.exports.onlyThese")}
        options={names}
        chosen={chosen}
        // In the order of the list, whatever was ticked first.
        change={(ticked) => change(names.filter((name) => ticked.includes(name)))}
        text={(name) => name}
        hint={(name) => (open.find((c) => c.name === name)?.personal ? t("reports.exports.personal") : undefined)}
      />
    </details>
  );
}
