import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { integer, type WorkOrderEntry, type WorkOrderPage } from "../api/types";
import { useFormat } from "../app/hooks";
import { LightRow, lightColumns, unitOf } from "./LightRow";
import { PagedTable } from "./PagedTable";
import { usePaged } from "./paging";

const interval = 5_000;

/** Whom to speak to first: the red companies by what is at stake, and in each its red contacts. */
export function WorkOrder({ client }: { client: Client }) {
  const { t } = useTranslation();
  const format = useFormat();
  const list = usePaged<WorkOrderEntry, WorkOrderPage>(
    client,
    "workOrder?pageSize=50",
    (page) => page.entries,
    interval,
  );
  const columns = lightColumns(t, t("lights.order.who"));
  return (
    <PagedTable
      list={list}
      columns={columns}
      none={t("lights.order.none")}
      above={() => (
        <>
          <h2>{t("lights.order.title")}</h2>
          <p className="muted">{t("lights.order.explain")}</p>
        </>
      )}
      row={(entry) => {
        const hidden = integer(entry.redContactCount) - (entry.contacts ?? []).length;
        return (
          <Fragment key={entry.company?.name}>
            {entry.company && <LightRow light={entry.company} />}
            {(entry.contacts ?? []).map((contact) => (
              <LightRow key={unitOf(contact)} light={contact} within />
            ))}
            {hidden > 0 && (
              <tr className="within">
                <td colSpan={columns.length} className="muted">
                  {t("lights.order.hidden", { formatted: format.integer(hidden) })}
                </td>
              </tr>
            )}
          </Fragment>
        );
      }}
    />
  );
}
