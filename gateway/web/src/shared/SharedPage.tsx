import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { useAction } from "../app/action";
import { LanguageChoice } from "../app/Header";
import { useFormat, useResource } from "../app/hooks";
import { addTexts } from "../i18n/add";
import { type Form, formats, saveFile, textOf } from "../reports/file";
import { Printed } from "../reports/Printed";
import { Refused } from "../reports/Refused";
import { texts } from "../reports/texts";
import type { SharedFile } from "../reports/types";
import "../styles/reports.css";

/** A report as whoever has a link reads it, without logging in. */
export function SharedPage({ client, secret }: { client: Client; secret: string }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const action = useAction();
  const report = `sharedReports/${secret}`;
  const inLanguage = `languageCode=${i18n.language}`;
  const path = useCallback((form: Form) => `${report}:download?format=${form}&${inLanguage}`, [report, inLanguage]);
  const load = useCallback(
    async (signal: AbortSignal) => {
      // One call tells of the link as well: a page that is read counts once.
      const file = await client.get<SharedFile>(path("REPORT_FORMAT_HTML"), signal);
      return { shared: file.sharedReport, html: textOf(file) };
    },
    [client, path],
  );
  const { value, error, reload } = useResource(load);
  const offered = (value?.shared?.formats ?? []) as readonly Form[];
  return (
    <>
      <header className="top">
        <div className="brand">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          <span className="name">Otklik</span>
        </div>
        <nav className="tools" aria-label={t("nav.language")}>
          <LanguageChoice />
        </nav>
      </header>
      <main className="reports panel" aria-label={t("reports.shared.title")}>
        {value === undefined && error === undefined && <p role="status">{t("reports.read.making")}</p>}
        <Refused error={error} retry={reload} />
        {value !== undefined && (
          <>
            {offered.length > 0 && (
              <fieldset className="saving" aria-label={t("reports.read.take")}>
                <span className="muted">{t("reports.read.take")}</span>
                {offered.map((form) => (
                  <button
                    key={form}
                    type="button"
                    disabled={action.busy}
                    onClick={() => void action.run(async () => saveFile(await client.get<SharedFile>(path(form))))}
                  >
                    {formats[form]}
                  </button>
                ))}
              </fieldset>
            )}
            <Refused error={action.error} />
            <section className="card">
              <Printed html={value.html} />
            </section>
            {value.shared?.expireTime && (
              <p className="muted small">
                {t("reports.shared.until", { time: format.moment(value.shared.expireTime) })}
              </p>
            )}
          </>
        )}
      </main>
    </>
  );
}

/** The page with its words. */
export function page(): typeof SharedPage {
  addTexts(texts);
  return SharedPage;
}
