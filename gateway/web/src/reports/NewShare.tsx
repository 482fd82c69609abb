import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { useAction } from "../app/action";
import { type Language, languages } from "../i18n";
import { dayText } from "../score/period";
import { Choices, Field, Secret } from "../settings/parts";
import { type Form, formats, forms } from "./file";
import { Refused } from "./Refused";
import type { NewReportShare, ReportShare } from "./types";

/** How long a link may work at most, and how long it does unless somebody says otherwise, in days. */
const [longest, usual] = [90, 30];

/** Makes a link to the report that is read. */
export function NewShare(props: {
  client: Client;
  title: string;
  report: string;
  /** The fingerprint of what is read. */
  rendition: string;
  query: Omit<ReportShare, "report">;
  /** Whether the report covers what its rule says each time that it is read. */
  moving: boolean;
}) {
  const { client, title, report, rendition, query, moving } = props;
  const { t } = useTranslation();
  const action = useAction();
  const now = new Date();
  const inDays = (days: number) => dayText(new Date(now.getFullYear(), now.getMonth(), now.getDate() + days));
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [fixed, setFixed] = useState(true);
  const [last, setLast] = useState(inDays(usual));
  const [chosen, setChosen] = useState<readonly Form[]>(["REPORT_FORMAT_PDF"]);
  const [made, setMade] = useState("");
  const submit = (e: FormEvent) => {
    e.preventDefault();
    void action.run(async () => {
      const { languageCode } = query;
      const [year, month, day] = last.split("-").map(Number);
      const answer: NewReportShare = await client.send("POST", "reportShares", {
        reportShare: {
          ...(fixed ? { rendition: `reportRenditions/${rendition}`, languageCode } : { ...query, report }),
          displayName: name.trim() || title,
          formats: chosen,
          // To the end of that day where the reader is.
          expireTime: new Date(year ?? 0, (month ?? 1) - 1, (day ?? 0) + 1).toISOString(),
        },
      });
      setMade(new URL(answer.url || `/r/${answer.secret}`, location.origin).href);
      setOpen(false);
    });
  };
  if (made !== "") {
    return <Secret title={t("reports.shares.made", { title })} secret={made} done={() => setMade("")} />;
  }
  if (!open) {
    return (
      <button type="button" onClick={() => setOpen(true)}>
        {t("reports.shares.create")}
      </button>
    );
  }
  return (
    <form className="card form" onSubmit={submit}>
      <h2>{t("reports.shares.create")}</h2>
      <p className="muted">{t("reports.shares.warning")}</p>
      <div className="fields">
        <Field
          label={t("reports.shares.whom")}
          hint={t("reports.shares.whomHint")}
          value={name}
          change={setName}
          maxLength={200}
        />
        <div className="field">
          <label>
            <span>{t("reports.shares.lastDay")}</span>
            <input
              type="date"
              required
              value={last}
              min={inDays(0)}
              max={inDays(longest - 1)}
              onChange={(e) => setLast(e.target.value)}
            />
          </label>
        </div>
      </div>
      <fieldset className="choices">
        <legend>{t("reports.shares.what")}</legend>
        <label className="choice">
          <input type="radio" checked={fixed} onChange={() => setFixed(true)} />
          <span>{t("reports.shares.fixed")}</span>
        </label>
        <label className="choice">
          <input type="radio" checked={!fixed} onChange={() => setFixed(false)} />
          <span>{t(moving ? "reports.shares.moving" : "reports.shares.anew")}</span>
        </label>
      </fieldset>
      <Choices<Form>
        legend={t("reports.shares.forms")}
        options={forms}
        chosen={chosen}
        change={setChosen}
        text={(form) => formats[form]}
      />
      <p className="muted small">
        {t("nav.language")}: {languages[(query.languageCode ?? "en") as Language]}
      </p>
      <Refused error={action.error} />
      <div className="row">
        <button type="submit" disabled={action.busy}>
          {t("reports.shares.make")}
        </button>
        <button type="button" onClick={() => setOpen(false)}>
          {t("settings.cancel")}
        </button>
      </div>
    </form>
  );
}
