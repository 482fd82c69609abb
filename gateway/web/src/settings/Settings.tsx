import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { Audit } from "./Audit";
import { Keys } from "./Keys";
import { Members } from "./Members";
import { Privacy } from "./Privacy";
import { Webhooks } from "./Webhooks";

/** The parts of the settings, and which permissions open each: one of them is enough. */
export const parts = {
  keys: ["access.keys.list"],
  members: ["access.members.list"],
  webhooks: ["access.webhooks.list"],
  audit: ["access.audit.list"],
  privacy: ["access.persons.export", "access.erasures.create", "access.erasures.list"],
} as const;

export type Part = keyof typeof parts;

/** The parts that somebody with these permissions may see. */
export function partsFor(permissions: ReadonlySet<string>): readonly Part[] {
  return (Object.keys(parts) as Part[]).filter((part) => parts[part].some((permission) => permissions.has(permission)));
}

/** What administrators and auditors do. It shows only what the caller may; the server decides in any case. */
export function Settings(props: {
  client: Client;
  permissions: ReadonlySet<string>;
  shown: string;
  choose: (part: Part) => void;
}) {
  const { t } = useTranslation();
  const { client, permissions } = props;
  const open = partsFor(permissions);
  const part = open.find((candidate) => candidate === props.shown) ?? open[0];
  const may = (permission: string) => permissions.has(permission);
  if (part === undefined) {
    return (
      <main className="center">
        <p className="card">{t("settings.failure.forbidden")}</p>
      </main>
    );
  }
  const Shown = { keys: Keys, members: Members, webhooks: Webhooks, audit: Audit, privacy: Privacy }[part];
  return (
    <div className="settings">
      <nav aria-label={t("settings.title")}>
        <ul className="tabs">
          {open.map((candidate) => (
            <li key={candidate}>
              <button
                type="button"
                aria-current={candidate === part ? "page" : undefined}
                onClick={() => props.choose(candidate)}
              >
                {t(`settings.${candidate}.title`)}
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <main aria-label={t("settings.title")}>
        <Shown key={part} client={client} may={may} />
      </main>
    </div>
  );
}
