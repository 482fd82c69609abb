import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { newRequestId } from "../api/request";
import { type Erasure, integer, type PersonRecord } from "../api/types";
import { useAction } from "../app/action";
import { useFormat } from "../app/hooks";
import { byteOrderMark, personHead, personLines } from "./csv";
import { download } from "./download";
import { Fact } from "./Keys";
import { Failure, Field, Moment, Panel, useCollection } from "./parts";

interface Props {
  client: Client;
  may: (permission: string) => boolean;
}

/** What persons may ask for: to be told what is kept, and to be forgotten. */
export function Privacy({ client, may }: Props) {
  const { t } = useTranslation();
  const erasures = useCollection<Erasure>(client, "erasures", may("access.erasures.list"));
  const { reload } = erasures;
  const running = erasures.value?.some((erasure) => erasure.state === "STATE_RUNNING") ?? false;
  useEffect(() => {
    const timer = running ? setInterval(reload, 2000) : undefined;
    return () => clearInterval(timer);
  }, [running, reload]);
  // While it loads again, what was there stays in sight.
  const [shown, setShown] = useState<readonly Erasure[]>();
  useEffect(() => {
    if (erasures.value !== undefined) {
      setShown(erasures.value);
    }
  }, [erasures.value]);
  return (
    <Panel title={t("settings.privacy.title")} hint={t("settings.privacy.hint")}>
      {may("access.persons.export") && <Export client={client} />}
      {may("access.erasures.create") && <Erase client={client} erased={reload} />}
      {may("access.erasures.list") && (
        <>
          <h3>{t("settings.privacy.erasures")}</h3>
          <Failure error={erasures.error} />
          {shown?.length === 0 && <p className="muted">{t("settings.privacy.noErasures")}</p>}
          <ul className="things">
            {shown?.map((erasure) => (
              <li key={erasure.name} className="card">
                <Receipt erasure={erasure} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function Export({ client }: { client: Client }) {
  const { t } = useTranslation();
  const action = useAction();
  const [person, setPerson] = useState("");
  const [count, setCount] = useState<number>();
  const save = (kind: "json" | "csv") => {
    setCount(undefined);
    void action.run(async () => {
      const records: PersonRecord[] = [];
      const body = { respondent: person.trim() };
      for await (const { record } of client.lines<{ record?: PersonRecord }>("persons:export", body)) {
        records.push(record ?? {});
      }
      setCount(records.length);
      if (records.length > 0) {
        const parts =
          kind === "csv"
            ? [byteOrderMark, personHead, ...records.map(personLines)]
            : [JSON.stringify({ person: person.trim(), records }, undefined, 2)];
        download(`person.${kind}`, kind === "csv" ? "text/csv" : "application/json", parts);
      }
    });
  };
  return (
    <form
      className="card form"
      onSubmit={(event) => {
        event.preventDefault();
        save("json");
      }}
    >
      <h3>{t("settings.privacy.export")}</h3>
      <Field
        label={t("settings.privacy.person")}
        hint={t("settings.privacy.personHint")}
        value={person}
        change={setPerson}
        required
        maxLength={128}
      />
      <div className="row">
        <button type="submit" disabled={action.busy || person.trim() === ""}>
          {t("settings.privacy.exportJson")}
        </button>
        <button type="button" disabled={action.busy || person.trim() === ""} onClick={() => save("csv")}>
          {t("settings.privacy.exportCsv")}
        </button>
      </div>
      <Failure error={action.error} />
      <p role="status">
        {count === 0 && t("settings.privacy.nothing")}
        {count !== undefined && count > 0 && t("settings.privacy.exported", { count })}
      </p>
    </form>
  );
}

function Erase({ client, erased }: { client: Client; erased: () => void }) {
  const { t } = useTranslation();
  const action = useAction();
  const [person, setPerson] = useState("");
  const [again, setAgain] = useState("");
  const [reason, setReason] = useState("");
  const [requestId, setRequestId] = useState(newRequestId);
  const [asked, setAsked] = useState(false);
  const same = again.trim() === person.trim();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!asked) {
      setAsked(true);
      return;
    }
    const body = { respondent: person.trim(), reason: reason.trim(), requestId };
    const done = await action.run(async () => {
      await client.send("POST", "erasures", body);
    });
    if (done) {
      setPerson("");
      setAgain("");
      setReason("");
      setAsked(false);
      setRequestId(newRequestId());
      erased();
    }
  };
  return (
    <form className="card form" onSubmit={(e) => void submit(e)}>
      <h3>{t("settings.privacy.erase")}</h3>
      <p>{t("settings.privacy.eraseHint")}</p>
      <Field
        label={t("settings.privacy.person")}
        value={person}
        change={(text) => {
          setPerson(text);
          setAsked(false);
          setAgain("");
          setRequestId(newRequestId());
        }}
        required
        maxLength={128}
      />
      <Field
        label={t("settings.privacy.reason")}
        hint={t("settings.privacy.reasonHint")}
        value={reason}
        change={setReason}
        maxLength={500}
      />
      {asked && (
        <>
          <p className="problem" role="alert">
            {t("settings.privacy.eraseQuestion")}
          </p>
          <Field label={t("settings.privacy.again")} value={again} change={setAgain} required maxLength={128} />
        </>
      )}
      <Failure error={action.error} />
      <div className="row">
        <button
          type="submit"
          className={asked ? "danger" : undefined}
          disabled={action.busy || person.trim() === "" || (asked && !same)}
        >
          {asked ? t("settings.privacy.eraseNow") : t("settings.privacy.erase")}
        </button>
        {asked && (
          <button type="button" onClick={() => setAsked(false)}>
            {t("settings.cancel")}
          </button>
        )}
      </div>
    </form>
  );
}

/** What was removed where. */
function Receipt({ erasure }: { erasure: Erasure }) {
  const { t } = useTranslation();
  const format = useFormat();
  const running = erasure.state === "STATE_RUNNING";
  return (
    <>
      <div className="heading">
        <h4>
          <code>{erasure.person}</code>
        </h4>
        <span className={running ? "state off" : "state"} role="status">
          {t(running ? "settings.privacy.running" : "settings.privacy.done")}
        </span>
      </div>
      <dl className="facts">
        <Fact name={t("settings.privacy.asked")}>
          <Moment of={erasure.createTime} none="" /> · {erasure.requester}
        </Fact>
        {erasure.endTime && (
          <Fact name={t("settings.privacy.ended")}>
            <Moment of={erasure.endTime} none="" />
          </Fact>
        )}
        {erasure.reason && <Fact name={t("settings.privacy.reason")}>{erasure.reason}</Fact>}
        {erasure.waitingFor && <Fact name={t("settings.privacy.waiting")}>{erasure.waitingFor}</Fact>}
      </dl>
      {(erasure.removals?.length ?? 0) > 0 && (
        <details>
          <summary>{t("settings.privacy.receipt")}</summary>
          <div className="scroll tall">
            <table className="words">
              <thead>
                <tr>
                  <th scope="col">{t("settings.privacy.service")}</th>
                  <th scope="col">{t("settings.privacy.kind")}</th>
                  <th scope="col">{t("settings.privacy.place")}</th>
                  <th scope="col">{t("settings.privacy.count")}</th>
                  <th scope="col">{t("settings.privacy.note")}</th>
                </tr>
              </thead>
              <tbody>
                {erasure.removals?.map((removal) => (
                  <tr key={`${removal.service}/${removal.kind}/${removal.place}`}>
                    <td>{removal.service}</td>
                    <td>{removal.kind}</td>
                    <td>{removal.place}</td>
                    <td>{format.integer(integer(removal.count))}</td>
                    <td>{removal.note}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </>
  );
}
