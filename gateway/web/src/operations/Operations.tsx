import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { useAddress } from "../app/address";
import { Choice } from "./Choice";
import { Import } from "./Import";
import { Policies } from "./Policies";
import { Quality } from "./Quality";
import { daysOf } from "./query";
import { Reserve } from "./Reserve";
import { Revenue } from "./Revenue";
import { Seasonality } from "./Seasonality";
import { Staff } from "./Staff";
import { Standards } from "./Standards";
import { Summary } from "./Summary";
import { placesIn, titleIn, useUnits } from "./units";
import type { View } from "./view";

/** What is shown of operations, and what one must be allowed to see it. */
export const parts = [
  ["summary", "reporting.operations.query", Summary],
  ["revenue", "reporting.revenue.query", Revenue],
  ["quality", "reporting.quality.query", Quality],
  ["standards", "reporting.standards.query", Standards],
  ["seasonality", "reporting.seasonality.query", Seasonality],
  ["policies", "reporting.policies.query", Policies],
  ["reserve", "reporting.reserve.query", Reserve],
  ["staff", "reporting.staff.query", Staff],
  ["import", "reporting.operations.upsert", Import],
] as const;

interface Props {
  client: Client;
  may: (permission: string) => boolean;
}

/** What stores do, beside what customers say: visitors, sales, consultations, standards, and what moves them. */
export function Operations({ client, may }: Props) {
  const { t } = useTranslation();
  const [address, change] = useAddress();
  const places = useUnits(client, may, "KIND_LOCATION");
  const regions = useUnits(client, may, "KIND_REGION");
  const days = daysOf(address, new Date());
  const { from, to } = days ?? { from: "", to: "" };
  const view = useMemo<View>(
    () => ({
      client,
      may,
      address,
      change,
      days: { from, to },
      titleOf: (name = "") => titleIn(name.startsWith("regions/") ? regions : places, name),
      places: address.region === "" ? undefined : placesIn(address.region, places, regions),
    }),
    [client, may, address, change, from, to, places, regions],
  );
  const open = parts.filter(([, permission]) => may(permission));
  const [name, , Part] = open.find(([candidate]) => candidate === address.analysis) ?? open[0] ?? parts[0];
  return (
    <main className="operations panel" aria-label={t("operations.title")}>
      <header className="heading">
        <h1>{t("operations.title")}</h1>
      </header>
      {name !== "import" && <Choice {...{ address, change, days, regions }} />}
      <nav className="tabs" aria-label={t("priorities.analysis")}>
        {open.map(([candidate]) => (
          <button
            key={candidate}
            type="button"
            aria-current={candidate === name ? "page" : undefined}
            onClick={() => change({ analysis: candidate })}
          >
            {t(`operations.${candidate}.tab`)}
          </button>
        ))}
      </nav>
      {days === undefined && name !== "import" ? (
        <p className="card" role="alert">
          {t("operations.noDays")}
        </p>
      ) : (
        <Part view={view} />
      )}
    </main>
  );
}
