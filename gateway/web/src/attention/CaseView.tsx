import { type FormEvent, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { newRequestId } from "../api/request";
import type { Case, CaseEntry, CaseState, GetCaseResponse, RootCause } from "../api/types";
import { useAction } from "../app/action";
import { useFormat, useResource } from "../app/hooks";
import { Problem } from "../app/Problem";
import { known } from "./known";

/** Where a case may go by hand. */
type Target = "STATE_IN_PROGRESS" | "STATE_WAITING_CUSTOMER" | "STATE_RESOLVED" | "STATE_CLOSED";

/** Where a case may go from each state; the server decides whether it does. */
const moves: Readonly<Partial<Record<CaseState, readonly Target[]>>> = {
  STATE_NEW: ["STATE_IN_PROGRESS", "STATE_CLOSED"],
  STATE_ASSIGNED: ["STATE_IN_PROGRESS", "STATE_WAITING_CUSTOMER", "STATE_RESOLVED"],
  STATE_IN_PROGRESS: ["STATE_WAITING_CUSTOMER", "STATE_RESOLVED"],
  STATE_WAITING_CUSTOMER: ["STATE_IN_PROGRESS", "STATE_RESOLVED"],
  STATE_RESOLVED: ["STATE_CLOSED", "STATE_IN_PROGRESS"],
  STATE_CLOSED: ["STATE_IN_PROGRESS"],
};

const causes: readonly RootCause[] = [
  "ROOT_CAUSE_TEAM",
  "ROOT_CAUSE_PROCESS",
  "ROOT_CAUSE_TECHNOLOGY",
  "ROOT_CAUSE_PRODUCT",
];

interface Props {
  client: Client;
  may: (permission: string) => boolean;
  name: string;
  close: () => void;
}

/** One case: what it is about, what happened to it, and what can be done. */
export function CaseView({ client, may, name, close }: Props) {
  const { t } = useTranslation();
  const load = useCallback(
    async (signal: AbortSignal) => {
      const [found, history] = await Promise.all([
        client.get<GetCaseResponse>(name, signal),
        client.all<CaseEntry>(`${name}/entries`, "entries", signal),
      ]);
      return { item: found.case ?? {}, entries: history };
    },
    [client, name],
  );
  const loaded = useResource(load, 10_000);
  const action = useAction();
  if (loaded.value === undefined) {
    return loaded.error === undefined ? (
      <p role="status">{t("loading")}</p>
    ) : (
      <Problem error={loaded.error} retry={loaded.reload} />
    );
  }
  const { item, entries } = loaded.value;
  const does = (path: string, body: unknown) => async () => {
    await client.send("POST", path, body);
    loaded.reload();
  };
  const run = (path: string, body: unknown) => action.run(does(path, body));
  return (
    <section className="card case" aria-label={item.displayName ?? ""}>
      <header className="heading">
        <h2>{item.displayName}</h2>
        <button type="button" className="quiet" onClick={close}>
          {t("cases.hide")}
        </button>
      </header>
      {item.description && <p>{item.description}</p>}
      {loaded.error !== undefined && <Problem error={loaded.error} retry={loaded.reload} />}
      <About item={item} />
      {action.error !== undefined && <Problem error={action.error} />}
      <div className="selectors">
        {may("segmentation.cases.claim") && !item.owner && item.state !== "STATE_CLOSED" && (
          <button type="button" disabled={action.busy} onClick={() => void run("cases:claim", { name })}>
            {t("cases.claim")}
          </button>
        )}
        {may("segmentation.cases.move") && item.state !== undefined && (
          <Move item={item} busy={action.busy} move={(body) => void run(`${name}:move`, body)} />
        )}
      </div>
      {may("segmentation.cases.note") && (
        <Note busy={action.busy} note={(text, requestId) => run(`${name}:note`, { text, requestId })} />
      )}
      <History entries={entries} />
    </section>
  );
}

function About({ item }: { item: Case }) {
  const { t } = useTranslation();
  const format = useFormat();
  const facts: [string, string][] = [
    [t("cases.state"), t(`cases.stateOf.${known(item.state)}`)],
    [t("cases.severity"), t(`cases.severityOf.${known(item.severity)}`)],
    [t("cases.owner"), item.owner || t("cases.nobody")],
  ];
  const times: [string, string | undefined, boolean | undefined][] = [
    [t("cases.firstResponse"), item.firstResponseTime ?? item.firstResponseDueTime, item.firstResponseBreached],
    [t("cases.resolution"), item.resolveTime ?? item.dueTime, item.resolutionBreached],
  ];
  for (const [title, time, late] of times) {
    if (time !== undefined) {
      facts.push([title, format.moment(time) + (late ? ` · ${t("cases.late")}` : "")]);
    }
  }
  if (item.rootCause !== undefined && item.rootCause !== "ROOT_CAUSE_UNSPECIFIED") {
    facts.push([t("cases.cause"), t(`cases.causeOf.${known(item.rootCause)}`)]);
  }
  const about = [item.company, item.location, item.contact, ...(item.links ?? []).map((link) => link.resource)];
  facts.push([t("cases.about"), about.filter((name) => name).join("\n")]);
  return (
    <dl className="facts">
      {facts.map(([title, text]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

function Move({ item, busy, move }: { item: Case; busy: boolean; move: (body: unknown) => void }) {
  const { t } = useTranslation();
  const [cause, setCause] = useState<RootCause>(item.rootCause ?? "ROOT_CAUSE_UNSPECIFIED");
  const open = (moves[item.state ?? "STATE_UNSPECIFIED"] ?? []).filter(
    (state) => state === "STATE_CLOSED" || item.owner,
  );
  return (
    <>
      {open.length > 0 && (
        <label>
          <span>{t("cases.cause")}</span>
          <select value={cause} onChange={(e) => setCause(e.target.value as RootCause)}>
            <option value="ROOT_CAUSE_UNSPECIFIED">{t("cases.causeUnknown")}</option>
            {causes.map((c) => (
              <option key={c} value={c}>
                {t(`cases.causeOf.${known(c)}`)}
              </option>
            ))}
          </select>
        </label>
      )}
      {open.map((state) => (
        <button
          key={state}
          type="button"
          disabled={busy}
          onClick={() => move({ state, rootCause: cause, etag: item.etag })}
        >
          {t(`cases.moveTo.${state}`)}
        </button>
      ))}
    </>
  );
}

function Note({ busy, note }: { busy: boolean; note: (text: string, requestId: string) => Promise<boolean> }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  // The same for the same text: sent again after a failure, it is noted once.
  const [requestId, setRequestId] = useState(newRequestId);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    if (text.trim() !== "" && (await note(text.trim(), requestId))) {
      setText("");
    }
  };
  return (
    <form className="selectors" onSubmit={(e) => void submit(e)}>
      <label>
        <span>{t("cases.note")}</span>
        <textarea
          value={text}
          onChange={(e) => {
            setText(e.target.value);
            setRequestId(newRequestId());
          }}
          maxLength={4000}
          rows={2}
        />
      </label>
      <button type="submit" disabled={busy || text.trim() === ""}>
        {t("cases.addNote")}
      </button>
    </form>
  );
}

function History({ entries }: { entries: readonly CaseEntry[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      <h3>{t("cases.history")}</h3>
      <ol className="history">
        {entries.map((entry, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries are only ever added at the end
          <li key={i}>
            <span className="muted">{format.moment(entry.time ?? "")}</span> {t(`cases.entryOf.${known(entry.kind)}`)}
            {entry.state !== undefined && entry.state !== "STATE_UNSPECIFIED" && (
              <>: {t(`cases.stateOf.${known(entry.state)}`)}</>
            )}
            {entry.actor && <span className="detail">{entry.actor}</span>}
            {entry.text && <p>{entry.text}</p>}
            {entry.link && <span className="detail">{entry.link}</span>}
          </li>
        ))}
      </ol>
    </>
  );
}
