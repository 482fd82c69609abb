import { useState } from "react";
import { useTranslation } from "react-i18next";
import { newRequestId } from "../api/request";
import { integer } from "../api/types";
import { useAction } from "../app/action";
import { useFormat } from "../app/hooks";
import { Fact } from "../settings/Keys";
import { Cards, ConfirmButton } from "../settings/parts";
import { useAll } from "./catalog";
import { ExportForm } from "./ExportForm";
import { exportFormats, exportKindOf } from "./exports";
import { Fetching } from "./Fetching";
import { Refused } from "./Refused";
import type { PartProps } from "./Reports";
import type { Export } from "./types";

/** How often exports are looked at while one of them is being written, and otherwise, in milliseconds. */
const [busy, idle] = [1500, 15_000];

/** Whether an export has not come to its end. */
function underWay({ state }: Export): boolean {
  return state === "STATE_PENDING" || state === "STATE_RUNNING";
}

/** Files of rows, which the service writes by itself. */
export function Exports(props: PartProps) {
  const { client, may } = props;
  const { t } = useTranslation();
  const [making, setMaking] = useState(false);
  const [active, setActive] = useState(false);
  const exports = useAll<Export>(client, "exports", "exports", active ? busy : idle);
  const some = exports.value?.some(underWay) ?? false;
  if (some !== active) {
    setActive(some);
  }
  return (
    <>
      <p className="muted">{t("reports.exports.hint")}</p>
      {may("reporting.exports.create") && !making && (
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          {t("reports.exports.create")}
        </button>
      )}
      {making && (
        <ExportForm
          {...props}
          save={async (wanted) => {
            await client.send("POST", "exports", { exportId: newRequestId(), export: wanted });
            setMaking(false);
            exports.reload();
          }}
          cancel={() => setMaking(false)}
        />
      )}
      <Cards
        things={exports}
        none={t("reports.exports.none")}
        card={(one) => <ExportCard {...props} of={one} reload={exports.reload} />}
      />
    </>
  );
}

function ExportCard({ client, may, of, reload }: PartProps & { of: Export; reload: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const action = useAction();
  const state = of.state ?? "STATE_PENDING";
  const rows = integer(of.rows);
  const bytes = integer(of.bytes);
  const total = of.totalRows === undefined ? undefined : integer(of.totalRows);
  const act = (method: "POST" | "DELETE", path: string) =>
    void action.run(async () => {
      await client.send(method, path, method === "POST" ? {} : undefined);
      reload();
    });
  return (
    <>
      <div className="heading">
        <h3>
          {t(`reports.exports.kind.${exportKindOf(of)}`)}
          {of.survey ? ` · ${of.survey.replace("surveys/", "")}` : ""}
        </h3>
        <span className={state === "STATE_FAILED" ? "state off" : "state"}>
          {t(`reports.exports.state.${state as "STATE_PENDING"}`)}
        </span>
      </div>
      {underWay(of) && (
        <p>
          <progress
            aria-label={t("reports.exports.progress")}
            {...(total === undefined || total === 0 ? {} : { value: Math.min(rows, total), max: total })}
          />{" "}
          {total === undefined
            ? t("reports.exports.rowsSoFar", { rows: format.integer(rows) })
            : t("reports.exports.rowsOf", { rows: format.integer(rows), total: format.integer(total) })}
        </p>
      )}
      {of.failure && <p className="problem">{of.failure}</p>}
      <dl className="facts">
        <Fact name={t("reports.exports.format")}>{exportFormats[of.format as "FORMAT_CSV"] ?? "CSV"}</Fact>
        {of.period && (
          <Fact name={t("reports.exports.period")}>
            {of.period.startTime ? format.moment(of.period.startTime) : "…"} –{" "}
            {of.period.endTime ? format.moment(of.period.endTime) : "…"}
          </Fact>
        )}
        {of.filter && (
          <Fact name={t("reports.definitions.filter")}>
            <code>{of.filter}</code>
          </Fact>
        )}
        {state === "STATE_SUCCEEDED" && (
          <Fact name={t("reports.exports.size")}>
            {t(exportKindOf(of) === "KIND_REPORTS" ? "reports.exports.files" : "reports.exports.rows", {
              n: format.integer(rows),
            })}
            {", "}
            {t(bytes < 2 ** 20 ? "reports.exports.kilobytes" : "reports.exports.megabytes", {
              n: format.plain(bytes / (bytes < 2 ** 20 ? 2 ** 10 : 2 ** 20)),
            })}
          </Fact>
        )}
        {of.createTime && <Fact name={t("reports.exports.asked")}>{format.moment(of.createTime)}</Fact>}
        {of.expireTime && <Fact name={t("reports.exports.expires")}>{format.moment(of.expireTime)}</Fact>}
        {(of.withheldColumns ?? []).length > 0 && (
          <Fact name={t("reports.exports.withheld")}>{of.withheldColumns?.join(", ")}</Fact>
        )}
      </dl>
      <Refused error={action.error} />
      <div className="row">
        {state === "STATE_SUCCEEDED" && may("reporting.exports.download") && <Fetching client={client} of={of} />}
        {underWay(of) && may("reporting.exports.cancel") && (
          <button type="button" disabled={action.busy} onClick={() => act("POST", `${of.name}:cancel`)}>
            {t("reports.exports.cancel")}
          </button>
        )}
        {!underWay(of) && may("reporting.exports.delete") && (
          <ConfirmButton
            label={t("settings.remove")}
            question={t("reports.exports.removeQuestion")}
            confirm={t("settings.remove")}
            disabled={action.busy}
            act={() => act("DELETE", of.name ?? "")}
          />
        )}
      </div>
    </>
  );
}
