import { type FormEvent, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { type AuditEntry, type AuditOutcome, type AuditPage, type AuditVerdict, integer } from "../api/types";
import { useAction } from "../app/action";
import { useFormat, useResource } from "../app/hooks";
import { auditHead, auditLine, byteOrderMark } from "./csv";
import { download } from "./download";
import { base64Of, hexOf } from "./hash";
import { Failure, Field, Panel } from "./parts";

const outcomes = ["OUTCOME_STARTED", "OUTCOME_SUCCEEDED", "OUTCOME_DENIED", "OUTCOME_FAILED"] as const;

type OutcomeKey = (typeof outcomes)[number];

/** What the log is searched for. */
interface Filter {
  readonly actor: string;
  readonly method: string;
  readonly resource: string;
  readonly outcome: "" | OutcomeKey;
  /** Local times as a browser's field gives them. */
  readonly from: string;
  readonly to: string;
}

const everything: Filter = { actor: "", method: "", resource: "", outcome: "", from: "", to: "" };

/** The filter as the query of a call. */
export function queryOf(filter: Filter): string {
  const parameters = new URLSearchParams();
  const add = (name: string, value: string) => value !== "" && parameters.set(name, value);
  const moment = (local: string) => (local === "" ? "" : new Date(local).toISOString());
  add("actor", filter.actor.trim());
  add("method", filter.method.trim());
  add("resource", filter.resource.trim());
  add("outcome", filter.outcome);
  add("period.startTime", moment(filter.from));
  add("period.endTime", moment(filter.to));
  return parameters.toString();
}

/** Who did what: the log that nobody can change unnoticed. */
export function Audit({ client, may }: { client: Client; may: (permission: string) => boolean }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(everything);
  const [query, setQuery] = useState("");
  // The tokens of the pages up to the one that is shown.
  const [tokens, setTokens] = useState<readonly string[]>([""]);
  const token = tokens.at(-1) ?? "";
  const load = useCallback(
    (signal: AbortSignal) => {
      const page = token === "" ? "" : `&pageToken=${encodeURIComponent(token)}`;
      return client.get<AuditPage>(`auditEntries?pageSize=50${query === "" ? "" : `&${query}`}${page}`, signal);
    },
    [client, query, token],
  );
  const page = useResource(load);
  const search = (event: FormEvent) => {
    event.preventDefault();
    setQuery(queryOf(draft));
    setTokens([""]);
  };
  const next = page.value?.nextPageToken ?? "";
  return (
    <Panel title={t("settings.audit.title")} hint={t("settings.audit.hint")}>
      {may("access.audit.verify") && <Verify client={client} />}
      <form className="card form" onSubmit={search}>
        <div className="fields">
          <Field
            label={t("settings.audit.actor")}
            value={draft.actor}
            change={(actor) => setDraft({ ...draft, actor })}
          />
          <Field
            label={t("settings.audit.method")}
            value={draft.method}
            change={(method) => setDraft({ ...draft, method })}
          />
          <Field
            label={t("settings.audit.resource")}
            value={draft.resource}
            change={(resource) => setDraft({ ...draft, resource })}
          />
          <label className="field">
            <span>{t("settings.audit.outcome")}</span>
            <select
              value={draft.outcome}
              onChange={(e) => setDraft({ ...draft, outcome: e.target.value as Filter["outcome"] })}
            >
              <option value="">{t("settings.audit.anyOutcome")}</option>
              {outcomes.map((outcome) => (
                <option key={outcome} value={outcome}>
                  {t(`settings.audit.outcomes.${outcome}`)}
                </option>
              ))}
            </select>
          </label>
          <Field
            label={t("settings.audit.from")}
            type="datetime-local"
            value={draft.from}
            change={(from) => setDraft({ ...draft, from })}
          />
          <Field
            label={t("settings.audit.to")}
            type="datetime-local"
            value={draft.to}
            change={(to) => setDraft({ ...draft, to })}
          />
        </div>
        <div className="row">
          <button type="submit">{t("settings.audit.search")}</button>
          <Exports client={client} query={query} />
        </div>
      </form>
      <Failure error={page.error} />
      {page.value === undefined && page.error === undefined && <p role="status">{t("loading")}</p>}
      {page.value?.entries?.length === 0 && <p className="muted">{t("settings.audit.none")}</p>}
      {(page.value?.entries?.length ?? 0) > 0 && <Entries entries={page.value?.entries ?? []} />}
      <div className="row">
        <button type="button" disabled={tokens.length === 1} onClick={() => setTokens(tokens.slice(0, -1))}>
          {t("settings.audit.newer")}
        </button>
        <button type="button" disabled={next === ""} onClick={() => setTokens([...tokens, next])}>
          {t("settings.audit.older")}
        </button>
      </div>
    </Panel>
  );
}

function Entries({ entries }: { entries: readonly AuditEntry[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className="scroll tall card">
      <table className="words">
        <caption className="hidden">{t("settings.audit.title")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("settings.audit.number")}</th>
            <th scope="col">{t("settings.audit.time")}</th>
            <th scope="col">{t("settings.audit.actor")}</th>
            <th scope="col">{t("settings.audit.method")}</th>
            <th scope="col">{t("settings.audit.resource")}</th>
            <th scope="col">{t("settings.audit.outcome")}</th>
            <th scope="col">{t("settings.audit.address")}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.name} className={entry.outcome === "OUTCOME_DENIED" ? "denied" : undefined}>
              <td>{format.integer(integer(entry.sequence))}</td>
              <td>{entry.time && format.moment(entry.time)}</td>
              <td>
                {entry.actorName || <code>{entry.actor}</code>}
                {entry.actorName && <span className="muted small line">{entry.actor}</span>}
              </td>
              <td title={entry.method}>{entry.method?.split("/").at(-1)}</td>
              <td>
                <code>{entry.resource}</code>
              </td>
              <td>
                <Outcome entry={entry} />
              </td>
              <td>{entry.clientAddress}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Outcome({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation();
  const format = useFormat();
  const start = integer(entry.start);
  return (
    <>
      {t(`settings.audit.outcomes.${(entry.outcome as AuditOutcome & OutcomeKey) ?? "OUTCOME_STARTED"}`)}
      {entry.code && <span className="muted small"> {entry.code}</span>}
      {start > 0 && (
        <span className="muted small line">{t("settings.audit.startedBy", { number: format.integer(start) })}</span>
      )}
    </>
  );
}

function Verify({ client }: { client: Client }) {
  const { t } = useTranslation();
  const format = useFormat();
  const action = useAction();
  const [known, setKnown] = useState("");
  const [verdict, setVerdict] = useState<AuditVerdict>();
  const hash = known.trim() === "" ? "" : base64Of(known);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setVerdict(undefined);
    void action.run(async () =>
      setVerdict(await client.send("POST", "auditEntries:verify", hash ? { knownHash: hash } : {})),
    );
  };
  return (
    <form className="card form" onSubmit={submit}>
      <h3>{t("settings.audit.verify")}</h3>
      <p className="muted small">{t("settings.audit.verifyHint")}</p>
      <Field label={t("settings.audit.known")} hint={t("settings.audit.knownHint")} value={known} change={setKnown} />
      {hash === undefined && <p className="problem">{t("settings.audit.knownWrong")}</p>}
      <div className="row">
        <button type="submit" disabled={action.busy || hash === undefined}>
          {action.busy ? t("settings.audit.verifying") : t("settings.audit.verify")}
        </button>
      </div>
      <Failure error={action.error} />
      <div role="status">
        {verdict?.intact === true && (
          <p className="good">{t("settings.audit.intact", { count: integer(verdict.entries) })}</p>
        )}
        {verdict?.intact === false && (
          <p className="problem">
            {integer(verdict.firstFault) > 0
              ? t("settings.audit.broken", { number: format.integer(integer(verdict.firstFault)) })
              : t("settings.audit.brokenSomewhere")}{" "}
            {verdict.fault}
          </p>
        )}
        {verdict !== undefined && (
          <p className="small">
            {t("settings.audit.head")} <code className="hash">{hexOf(verdict.headHash)}</code>
          </p>
        )}
      </div>
    </form>
  );
}

function Exports({ client, query }: { client: Client; query: string }) {
  const { t } = useTranslation();
  const action = useAction();
  const save = (kind: "jsonl" | "csv") =>
    void action.run(async () => {
      const parts = kind === "csv" ? [byteOrderMark, auditHead] : [];
      const path = `auditEntries:stream${query === "" ? "" : `?${query}`}`;
      for await (const { entry } of client.lines<{ entry?: AuditEntry }>(path)) {
        parts.push(kind === "csv" ? auditLine(entry ?? {}) : `${JSON.stringify(entry)}\n`);
      }
      download(`audit.${kind}`, kind === "csv" ? "text/csv" : "application/x-ndjson", parts);
    });
  return (
    <>
      <button type="button" disabled={action.busy} onClick={() => save("jsonl")}>
        {t("settings.audit.exportLines")}
      </button>
      <button type="button" disabled={action.busy} onClick={() => save("csv")}>
        {t("settings.audit.exportCsv")}
      </button>
      <Failure error={action.error} />
    </>
  );
}
