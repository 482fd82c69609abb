import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { integer, type WorkOrderEntry, type WorkOrderPage } from "../api/types";
import { useFormat } from "../app/hooks";
import { Problem } from "../app/Problem";
import { LightRow, unitOf } from "./LightRow";
import { usePaged } from "./paging";

const interval = 5_000;

/** Whom to speak to first: the red companies by what is at stake, and in each its red contacts. */
export function WorkOrder({ client }: { client: Client }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { first, items, more, action } = usePaged<WorkOrderEntry, WorkOrderPage>(
    client,
    "workOrder?pageSize=50",
    (page) => page.entries,
    interval,
  );
  if (first.value === undefined) {
    return first.error === undefined ? (
      <p role="status">{t("loading")}</p>
    ) : (
      <Problem error={first.error} retry={first.reload} />
    );
  }
  return (
    <section className="card">
      <h2>{t("lights.order.title")}</h2>
      <p className="muted">{t("lights.order.explain")}</p>
      {first.error !== undefined && <Problem error={first.error} retry={first.reload} />}
      {items.length === 0 ? (
        <p>{t("lights.order.none")}</p>
      ) : (
        <div className="wide">
          <table>
            <thead>
              <tr>
                <th scope="col">{t("lights.order.who")}</th>
                <th scope="col">{t("lights.colour")}</th>
                <th scope="col" className="number">
                  {t("lights.mean")}
                </th>
                <th scope="col" className="number">
                  {t("lights.answers")}
                </th>
                <th scope="col">{t("lights.trend")}</th>
                <th scope="col" className="number">
                  {t("lights.stake")}
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((entry) => {
                const hidden = integer(entry.redContactCount) - (entry.contacts ?? []).length;
                return (
                  <Fragment key={entry.company?.name}>
                    {entry.company && <LightRow light={entry.company} />}
                    {(entry.contacts ?? []).map((contact) => (
                      <LightRow key={unitOf(contact)} light={contact} within />
                    ))}
                    {hidden > 0 && (
                      <tr className="within">
                        <td colSpan={6} className="muted">
                          {t("lights.order.hidden", { formatted: format.integer(hidden) })}
                        </td>
                      </tr>
                    )}
                  </Fragment>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {action.error !== undefined && <Problem error={action.error} />}
      {more !== undefined && (
        <button type="button" disabled={action.busy} onClick={more}>
          {t("more")}
        </button>
      )}
    </section>
  );
}
