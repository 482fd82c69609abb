import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { Caller } from "../api/types";
import { useAddress } from "../app/address";
import { addTexts } from "../i18n/add";
import "../styles/reports.css";
import { type Catalog, useCatalog } from "./catalog";
import { Definitions } from "./Definitions";
import { Exports } from "./Exports";
import { Read } from "./Read";
import { Refused } from "./Refused";
import { Schedules } from "./Schedules";
import { Shares } from "./Shares";
import { texts } from "./texts";

interface Props {
  client: Client;
  may: (permission: string) => boolean;
  caller: Caller["principal"] | undefined;
}

/** What each part of the page is given. */
export interface PartProps extends Props {
  readonly catalog: Catalog;
  /** Reads the reports again. */
  readonly changed: () => void;
}

/** The parts of the page, and what one must be allowed to see them. */
const parts = [
  ["read", "reporting.reports.render", Read],
  ["schedules", "reporting.schedules.list", Schedules],
  ["exports", "reporting.exports.list", Exports],
  ["shares", "reporting.shares.list", Shares],
  ["definitions", "reporting.reports.list", Definitions],
] as const;

/** Reports: read, taken along, made by themselves, shared and defined. */
function Reports(props: Props) {
  const { client, may } = props;
  const { t } = useTranslation();
  const [address, change] = useAddress();
  const catalog = useCatalog(client);
  const open = parts.filter(([, permission]) => may(permission));
  const shown = open.find(([name]) => name === address.part) ?? open[0];
  return (
    <main className="reports panel" aria-label={t("reports.title")}>
      <header className="heading">
        <h1>{t("reports.title")}</h1>
      </header>
      <nav className="tabs" aria-label={t("reports.parts")}>
        {open.map(([name]) => (
          <button
            key={name}
            type="button"
            aria-current={name === shown?.[0] ? "page" : undefined}
            onClick={() => change({ part: name })}
          >
            {t(`reports.${name}.tab`)}
          </button>
        ))}
      </nav>
      <Refused error={catalog.error} retry={catalog.reload} />
      {catalog.value === undefined && catalog.error === undefined && <p role="status">{t("loading")}</p>}
      {catalog.value !== undefined &&
        shown !== undefined &&
        show(shown[2], { ...props, catalog: catalog.value, changed: catalog.reload })}
    </main>
  );
}

function show(Part: ComponentType<PartProps>, props: PartProps) {
  return <Part {...props} />;
}

/** The page with its words. */
export function page(): ComponentType<Props> {
  addTexts(texts);
  return Reports;
}
