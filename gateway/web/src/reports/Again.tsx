import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { useAction } from "../app/action";
import { useFormat } from "../app/hooks";
import { Fact } from "../settings/Keys";
import { Field } from "../settings/parts";
import { Refused } from "./Refused";
import type { ReportRendition } from "./types";

/** Makes a report again by its fingerprint, and tells whether it says the same. */
export function Again({ client }: { client: Client }) {
  const { t } = useTranslation();
  const format = useFormat();
  const action = useAction();
  const [fingerprint, setFingerprint] = useState("");
  const [found, setFound] = useState<ReportRendition>();
  const submit = (e: FormEvent) => {
    e.preventDefault();
    setFound(undefined);
    void action.run(async () => {
      const name = encodeURIComponent(fingerprint.trim().replace(/^reportRenditions\//, ""));
      const answer: { rendition?: ReportRendition } = await client.get(`reportRenditions/${name}`);
      setFound(answer.rendition);
    });
  };
  return (
    <details className="card">
      <summary>{t("reports.again.title")}</summary>
      <p className="muted">{t("reports.again.hint")}</p>
      <form className="form" onSubmit={submit}>
        <Field
          label={t("reports.again.fingerprint")}
          value={fingerprint}
          change={setFingerprint}
          required
          maxLength={60}
        />
        <div className="row">
          <button type="submit" disabled={action.busy}>
            {t("reports.again.check")}
          </button>
          {action.busy && <span role="status">{t("reports.read.making")}</span>}
        </div>
      </form>
      <Refused error={action.error} />
      {found !== undefined && (
        <div role="status">
          <p className={found.state === "STATE_EQUAL" ? "good" : undefined}>
            {t(`reports.again.state.${(found.state ?? "STATE_EQUAL") as "STATE_EQUAL"}`)}
          </p>
          {found.explanation && <p>{found.explanation}</p>}
          <dl className="facts">
            <Fact name={t("reports.again.report")}>
              <code>{found.report}</code>
            </Fact>
            {found.createTime && <Fact name={t("reports.again.made")}>{format.moment(found.createTime)}</Fact>}
            {found.watermark && <Fact name={t("reports.again.counted")}>{format.moment(found.watermark)}</Fact>}
          </dl>
        </div>
      )}
    </details>
  );
}
