import { useTranslation } from "react-i18next";
import { useAction } from "../app/action";
import { useFormat } from "../app/hooks";
import { Fact } from "../settings/Keys";
import { Cards, ConfirmButton, Moment } from "../settings/parts";
import { reportOf, useAll, useReportTitle } from "./catalog";
import { type Form, formats } from "./file";
import { Refused } from "./Refused";
import type { PartProps } from "./Reports";
import type { ReportShare } from "./types";

/** The links by which reports are read without logging in. */
export function Shares(props: PartProps) {
  const { client } = props;
  const { t } = useTranslation();
  const shares = useAll<ReportShare>(client, "reportShares");
  return (
    <>
      <p className="muted">{t("reports.shares.hint")}</p>
      <Cards
        things={shares}
        none={t("reports.shares.none")}
        card={(share) => <ShareCard {...props} share={share} reload={shares.reload} />}
      />
    </>
  );
}

function ShareCard({ client, may, catalog, share, reload }: PartProps & { share: ReportShare; reload: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const titleOf = useReportTitle(catalog);
  const action = useAction();
  const ended = share.state === "STATE_EXPIRED";
  return (
    <>
      <div className="heading">
        <h3>
          {share.displayName ||
            (share.report && titleOf(reportOf(catalog, share.report), share.report)) ||
            t("reports.shared.title")}
        </h3>
        <span className={ended ? "state off" : "state"}>
          {t(ended ? "reports.shares.ended" : "reports.shares.works")}
        </span>
      </div>
      <dl className="facts">
        <Fact name={t("reports.read.report")}>
          {share.rendition ? (
            <>
              {t("reports.shares.asItWas")}{" "}
              <code className="line">{share.rendition.replace("reportRenditions/", "")}</code>
            </>
          ) : (
            titleOf(reportOf(catalog, share.report), share.report)
          )}
          {share.subject && <code className="line">{share.subject}</code>}
        </Fact>
        <Fact name={t("reports.shares.until")}>
          <Moment of={share.expireTime} none="—" />
        </Fact>
        <Fact name={t("reports.shares.views")}>
          {format.integer(Number(share.viewCount ?? 0))}
          {share.lastViewTime && (
            <span className="muted line">
              {t("reports.shares.lastView", { time: format.moment(share.lastViewTime) })}
            </span>
          )}
        </Fact>
        <Fact name={t("reports.shares.forms")}>
          {(share.formats ?? []).map((form) => formats[form as Form] ?? form).join(", ") ||
            t("reports.shares.readOnly")}
        </Fact>
        <Fact name={t("reports.shares.link")}>
          <code>…{share.secretHint}</code>
        </Fact>
        <Fact name={t("reports.shares.creator")}>
          <code>{share.creator}</code>
          {share.schedule && <code className="line">{share.schedule}</code>}
        </Fact>
      </dl>
      <Refused error={action.error} />
      {may("reporting.shares.delete") && (
        <div className="row">
          <ConfirmButton
            label={t(ended ? "settings.remove" : "reports.shares.revoke")}
            question={t("reports.shares.revokeQuestion")}
            confirm={t(ended ? "settings.remove" : "reports.shares.revoke")}
            disabled={action.busy}
            act={() =>
              void action.run(async () => {
                await client.send("DELETE", share.name ?? "");
                reload();
              })
            }
          />
        </div>
      )}
    </>
  );
}
