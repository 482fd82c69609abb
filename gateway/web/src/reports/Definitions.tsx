import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAction } from "../app/action";
import { useAddress } from "../app/address";
import { Go } from "../app/Go";
import { useFormat, useResource } from "../app/hooks";
import { Fact } from "../settings/Keys";
import { ConfirmButton } from "../settings/parts";
import { kindTitle, profileOf, useReportTitle } from "./catalog";
import { DefinitionForm } from "./DefinitionForm";
import { Refused } from "./Refused";
import type { PartProps } from "./Reports";
import { useSectionTitle } from "./sections";
import type { Report } from "./types";

/** What reports there are, and what each is; one's own are made, changed and deleted here. */
export function Definitions(props: PartProps) {
  const { client, may, catalog, changed } = props;
  const { t } = useTranslation();
  const [making, setMaking] = useState(false);
  const own = catalog.reports.filter((report) => !report.builtIn);
  return (
    <>
      <p className="muted">{t("reports.definitions.hint")}</p>
      {may("reporting.reports.create") && !making && (
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          {t("reports.definitions.create")}
        </button>
      )}
      {making && (
        <DefinitionForm
          {...props}
          save={async (report) => {
            await client.send("POST", "reports", { reportId: identifier(report.displayName ?? ""), report });
            setMaking(false);
            changed();
          }}
          cancel={() => setMaking(false)}
        />
      )}
      <h2>{t("reports.definitions.own")}</h2>
      {own.length === 0 && <p className="muted">{t("reports.definitions.noOwn")}</p>}
      <ul className="things">
        {own.map((report) => (
          <li key={report.name} className="card">
            <DefinitionCard {...props} report={report} />
          </li>
        ))}
      </ul>
      <h2>{t("reports.read.builtIn")}</h2>
      <ul className="things">
        {catalog.reports
          .filter((report) => report.builtIn)
          .map((report) => (
            <li key={report.name} className="card">
              <DefinitionCard {...props} report={report} />
            </li>
          ))}
      </ul>
    </>
  );
}

/** An identifier for a report of that name: what of the name identifiers take, and what tells it apart from others. */
export function identifier(name: string): string {
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 40);
  const unique = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => (byte % 36).toString(36)).join("");
  return `${words === "" ? "report" : words}-${unique}`;
}

function DefinitionCard(props: PartProps & { report: Report }) {
  const { client, may, catalog, changed, report } = props;
  const { t, i18n } = useTranslation();
  const [address, change] = useAddress();
  const titleOf = useReportTitle(catalog);
  const sectionTitle = useSectionTitle();
  const action = useAction();
  const [editing, setEditing] = useState(false);
  const [history, setHistory] = useState(false);
  const profile = profileOf(catalog, report);
  const rule = report.periodRule === "REPORT_PERIOD_RULE_UNSPECIFIED" ? undefined : report.periodRule;
  const cadence = report.cadence === "REPORT_CADENCE_UNSPECIFIED" ? undefined : report.cadence;
  const sections = report.sections?.length ? report.sections.map(({ type }) => type) : (profile?.sections ?? []);
  if (editing) {
    return (
      <DefinitionForm
        {...props}
        save={async (edited) => {
          // A field that is emptied must be named, too, or it would stay as it was.
          const body = { report: { ...edited, etag: report.etag ?? "" }, updateMask: mask };
          await client.send("PATCH", report.name ?? "", body);
          setEditing(false);
          changed();
        }}
        cancel={() => setEditing(false)}
      />
    );
  }
  return (
    <>
      <div className="heading">
        <h3>{titleOf(report)}</h3>
        {!report.builtIn && (
          <span className="state">{t("reports.definitions.version", { n: report.version ?? 1 })}</span>
        )}
      </div>
      <p className="told">{sections.map((type) => sectionTitle(type)).join(" · ")}</p>
      <dl className="facts">
        {!report.builtIn && (
          <Fact name={t("reports.definitions.kind")}>{kindTitle(profile, i18n.language) || report.kind}</Fact>
        )}
        {profile?.subjectCollection && (
          <Fact name={t("reports.definitions.about")}>
            {t(`reports.definitions.aboutOne.${profile.subjectCollection as "locations"}`)}
          </Fact>
        )}
        <Fact name={t("reports.definitions.covers")}>
          {t(`reports.rule.${(rule ?? profile?.periodRule) as "REPORT_PERIOD_RULE_LAST_DAY"}`)}
        </Fact>
        <Fact name={t("reports.definitions.cadence")}>
          {t(`reports.cadence.${(cadence ?? profile?.cadence) as "REPORT_CADENCE_DAILY"}`)}
        </Fact>
        {report.filter && (
          <Fact name={t("reports.definitions.filter")}>
            <code>{report.filter}</code>
          </Fact>
        )}
      </dl>
      <Refused error={action.error} />
      <div className="row">
        <Go address={address} change={change} to={{ part: "read", report: report.name ?? "", subject: "" }}>
          {t("reports.definitions.read")}
        </Go>
        {!report.builtIn && (
          <>
            {may("reporting.reports.update") && (
              <button type="button" onClick={() => setEditing(true)}>
                {t("settings.edit")}
              </button>
            )}
            <button type="button" aria-expanded={history} onClick={() => setHistory(!history)}>
              {t("reports.definitions.versions")}
            </button>
            {may("reporting.reports.delete") && (
              <ConfirmButton
                label={t("settings.remove")}
                question={t("reports.definitions.removeQuestion")}
                confirm={t("settings.remove")}
                disabled={action.busy}
                act={() =>
                  void action.run(async () => {
                    const etag = encodeURIComponent(report.etag ?? "");
                    await client.send("DELETE", `${report.name}?etag=${etag}`);
                    changed();
                  })
                }
              />
            )}
          </>
        )}
      </div>
      {history && <Versions {...props} />}
    </>
  );
}

/** All that a change may be of. */
const mask = "displayName,survey,sections,filter,languageCode,timeZone,periodRule,comparison,cadence";

/** The versions of a report, the newest first: who made each, and when. */
function Versions({ client, report }: PartProps & { report: Report }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [address, change] = useAddress();
  const load = useCallback(
    (signal: AbortSignal) => client.all<Report>(`${report.name}:listVersions`, "reports", signal),
    [client, report.name],
  );
  const versions = useResource(load);
  return (
    <>
      <Refused error={versions.error} retry={versions.reload} />
      <ol className="lines" aria-label={t("reports.definitions.versions")}>
        {versions.value?.map((version) => (
          <li key={version.name}>
            <Go address={address} change={change} to={{ part: "read", report: version.name ?? "", subject: "" }}>
              {t("reports.definitions.version", { n: version.version ?? 1 })}
            </Go>{" "}
            <span className="muted">
              {version.versionTime && format.moment(version.versionTime)} {version.author}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
