import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { OperationRecord, OperationRecords } from "../api/types";
import { Go } from "../app/Go";
import { useFormat, useResource } from "../app/hooks";
import { Computed } from "./Computed";
import { money, written } from "./measures";
import { Rows } from "./Rows";
import type { View } from "./view";

const recorded = "/v1/operations?";

/** So many records are shown. */
const most = 200;

/** What a component of a key figure is made of: the records themselves, or the scores of a survey. */
export function Behind({ view, links }: { view: View; links: readonly string[] }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const records = links.filter((link) => link.startsWith(recorded));
  const surveys = links.flatMap((link) => /^\/v1\/(surveys\/[^/]+)\/scores/.exec(link)?.[1] ?? []);
  return (
    <>
      {records.length > 0 && (
        <button type="button" className="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t("operations.staff.show")}
        </button>
      )}
      {open && records.map((link) => <Records key={link} view={view} link={link} />)}
      {surveys.map((survey) => (
        <Go key={survey} {...view} to={{ page: "", survey, ...view.days, question: "", filter: "" }}>
          {t("operations.staff.scores")}
        </Go>
      ))}
    </>
  );
}

function Records({ view, link }: { view: View; link: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { client } = view;
  const load = useCallback(
    (signal: AbortSignal) => client.get<OperationRecords>(`${link.slice("/v1/".length)}&pageSize=${most}`, signal),
    [client, link],
  );
  const answer = useResource(load);
  const say = (record: OperationRecord): string => {
    const { presses, shift, mysteryVisit, receipt } = record;
    if (presses !== undefined) {
      return t("operations.staff.recordOf.presses", {
        consultations: presses.consultations ?? 0,
        likes: presses.likes ?? 0,
        dislikes: presses.dislikes ?? 0,
      });
    }
    if (shift !== undefined) {
      return t("operations.staff.recordOf.shift", {
        from: format.moment(record.startTime ?? ""),
        to: format.moment(record.endTime ?? ""),
      });
    }
    if (mysteryVisit !== undefined) {
      const applied = (mysteryVisit.criteria ?? []).filter(({ outcome }) => outcome !== "OUTCOME_NOT_APPLICABLE");
      return t("operations.staff.recordOf.visit", {
        passed: applied.filter(({ outcome }) => outcome === "OUTCOME_PASS").length,
        all: applied.length,
      });
    }
    return t("operations.staff.recordOf.receipt", {
      amount: written(format, Number(receipt?.amountMinor ?? 0), money(receipt?.currency, 2)),
    });
  };
  const labels = { place: t("operations.place"), what: t("operations.summary.title") };
  return (
    <Computed of={answer}>
      {({ records = [], nextPageToken }) =>
        records.length === 0 ? (
          <p className="muted">{t("operations.staff.noRecords")}</p>
        ) : (
          <>
            <Rows
              columns={[{ label: t("operations.staff.day") }, { label: labels.place }, { label: labels.what }]}
              items={records}
              row={(record) => (
                <tr key={record.id}>
                  <th scope="row">{format.day(new Date(`${record.date}T00:00:00Z`))}</th>
                  <td data-label={labels.place}>{view.titleOf(record.location)}</td>
                  <td data-label={labels.what}>{say(record)}</td>
                </tr>
              )}
            />
            {nextPageToken && <p className="muted small">{t("operations.staff.records", { count: records.length })}</p>}
          </>
        )
      }
    </Computed>
  );
}
