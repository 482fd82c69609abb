import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { Case, CasePage } from "../api/types";
import { type Address, useAddress } from "../app/address";
import { useFormat } from "../app/hooks";
import { CaseView } from "./CaseView";
import { known } from "./known";
import { PagedTable } from "./PagedTable";
import { usePaged } from "./paging";

const interval = 5_000;

/** The choices of the inbox, and what the API is asked for each. */
const inboxes = {
  open: "",
  unowned: "&unowned=true",
  waiting: "&states=STATE_WAITING_CUSTOMER",
  resolved: "&states=STATE_RESOLVED",
  closed: "&states=STATE_CLOSED",
} as const;

type Choice = keyof typeof inboxes;

const choices = Object.keys(inboxes) as readonly Choice[];

function choiceOf(address: Address): Choice {
  return choices.find((choice) => choice === address.inbox) ?? "open";
}

/** The inbox: what has to be seen to, late ones first; and beside it the case that was chosen. */
export function Cases({ client, may }: { client: Client; may: (permission: string) => boolean }) {
  const { t } = useTranslation();
  const [address, change] = useAddress();
  return (
    <main className="attention panel" aria-label={t("cases.title")}>
      <header className="heading">
        <h1>{t("cases.title")}</h1>
        <label>
          <span className="hidden">{t("cases.inbox")}</span>
          <select
            value={choiceOf(address)}
            onChange={(e) => change({ inbox: e.target.value === "open" ? "" : e.target.value, case: "" })}
          >
            {choices.map((inbox) => (
              <option key={inbox} value={inbox}>
                {t(`cases.inboxOf.${inbox}`)}
              </option>
            ))}
          </select>
        </label>
      </header>
      {address.case !== "" && (
        <CaseView key={address.case} client={client} may={may} name={address.case} close={() => change({ case: "" })} />
      )}
      <Inbox client={client} address={address} change={change} />
    </main>
  );
}

interface Props {
  client: Client;
  address: Address;
  change: (part: Partial<Address>) => void;
}

function Inbox({ client, address, change }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const list = usePaged<Case, CasePage>(
    client,
    `cases?pageSize=50${inboxes[choiceOf(address)]}`,
    (page) => page.cases,
    interval,
  );
  const columns = (["case", "state", "severity", "owner", "due"] as const).map((key) => ({ label: t(`cases.${key}`) }));
  return (
    <PagedTable
      list={list}
      columns={columns}
      none={t("cases.none")}
      row={(item) => (
        <tr key={item.name}>
          <th scope="row">
            <button
              type="button"
              className="link"
              aria-pressed={address.case === item.name}
              onClick={() => change({ case: item.name ?? "" })}
            >
              {item.displayName}
            </button>
            <span className="detail">{whereOf(item)}</span>
          </th>
          <td>{t(`cases.stateOf.${known(item.state)}`)}</td>
          <td>{t(`cases.severityOf.${known(item.severity)}`)}</td>
          <td>
            {item.owner || t("cases.nobody")}
            {item.queue && <span className="detail">{item.queue}</span>}
          </td>
          <td>
            <Due item={item} />
            <span className="detail">{t("cases.since", { time: format.moment(item.createTime ?? "") })}</span>
          </td>
        </tr>
      )}
    />
  );
}

/** Until when something was promised, and whether that was kept. */
function Due({ item }: { item: Case }) {
  const { t } = useTranslation();
  const format = useFormat();
  const late = item.resolutionBreached || item.firstResponseBreached;
  const due =
    item.firstResponseTime === undefined && item.firstResponseDueTime !== undefined
      ? item.firstResponseDueTime
      : item.dueTime;
  return (
    <>
      {late && <strong className="late">{t("cases.late")} </strong>}
      {due === undefined ? t("cases.noDue") : format.moment(due)}
    </>
  );
}

/** Whom and where a case is about, by their identifiers. */
function whereOf(item: Case): string {
  return [item.company, item.location, item.contact]
    .filter((name) => name)
    .map((name) => (name ?? "").split("/")[1])
    .join(" · ");
}
