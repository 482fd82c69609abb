import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { integer, type Light, type LightColour, type LightPage, type Units } from "../api/types";
import { type Address, useAddress } from "../app/address";
import { useFormat } from "../app/hooks";
import { known } from "./known";
import { LightRow, lightColumns } from "./LightRow";
import { PagedTable } from "./PagedTable";
import { usePaged } from "./paging";
import { WorkOrder } from "./WorkOrder";

const interval = 5_000;

/** What lights are of, and how the API calls it. */
const kinds = {
  company: "LIGHT_KIND_COMPANY",
  location: "LIGHT_KIND_LOCATION",
  contact: "LIGHT_KIND_CONTACT",
  staff: "LIGHT_KIND_STAFF",
} as const;

type Kind = keyof typeof kinds;

const choices = Object.keys(kinds) as readonly Kind[];

const colours: readonly LightColour[] = ["LIGHT_COLOUR_RED", "LIGHT_COLOUR_AMBER", "LIGHT_COLOUR_GREEN"];

interface Seen {
  client: Client;
  may: (permission: string) => boolean;
  /** What the caller is restricted to. */
  units: Units | undefined;
}

/** Who needs attention: the lights of companies, locations, contacts and staff, and whom to speak to first. */
export function Lights({ client, may, units }: Seen) {
  const { t } = useTranslation();
  const [address, change] = useAddress();
  // Lights of employees are for those who see who persons are, and for employees their own.
  const staff = may("segmentation.persons.view") || (units?.employees?.length ?? 0) > 0;
  const offered = choices.filter((choice) => choice !== "staff" || staff);
  const kind = offered.find((choice) => choice === address.kind) ?? "company";
  const ordered = address.order !== "" && may("segmentation.workorder.list");
  return (
    <main className="attention panel" aria-label={t("lights.title")}>
      <header className="heading">
        <h1>{t("lights.title")}</h1>
        <label>
          <span className="hidden">{t("lights.of")}</span>
          <select
            value={ordered ? "order" : kind}
            onChange={(e) =>
              change(e.target.value === "order" ? { order: "1" } : { order: "", kind: e.target.value, colour: "" })
            }
          >
            {offered.map((key) => (
              <option key={key} value={key}>
                {t(`lights.kind.${key}`)}
              </option>
            ))}
            {may("segmentation.workorder.list") && <option value="order">{t("lights.order.title")}</option>}
          </select>
        </label>
      </header>
      {ordered ? <WorkOrder client={client} /> : <List key={kind} {...{ client, address, change, kind }} />}
    </main>
  );
}

interface Props {
  client: Client;
  address: Address;
  change: (part: Partial<Address>) => void;
  kind: Kind;
}

function List({ client, address, change, kind }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const colour = colours.find((c) => c === address.colour) ?? "";
  const path = `lights?pageSize=50&kind=${kinds[kind]}${colour === "" ? "" : `&colour=${colour}`}`;
  const list = usePaged<Light, LightPage>(client, path, (page) => page.lights, interval);
  const counts = new Map((list.first.value?.counts ?? []).map((count) => [count.colour, integer(count.count)]));
  const total = [...counts.values()].reduce((sum, n) => sum + n, 0);
  return (
    <PagedTable
      list={list}
      columns={lightColumns(t, t(`lights.kind.${kind}`))}
      none={t(total === 0 ? "lights.none" : "lights.noneOfColour")}
      row={(light) => <LightRow key={light.name} light={light} />}
      above={() => (
        <fieldset className="colours" aria-label={t("lights.colour")}>
          {colours.map((c) => (
            <button
              key={c}
              type="button"
              className="quiet"
              aria-pressed={colour === c}
              onClick={() => change({ colour: colour === c ? "" : c })}
            >
              <span className={`light ${c}`} aria-hidden="true" /> {t(`lights.colourOf.${known(c)}`)}{" "}
              <strong>{format.integer(counts.get(c) ?? 0)}</strong>
            </button>
          ))}
          <span className="muted">{t("lights.total", { formatted: format.integer(total) })}</span>
        </fieldset>
      )}
      below={({ watermark }) =>
        watermark !== undefined && <p className="muted">{t("lights.asOf", { time: format.moment(watermark) })}</p>
      }
    />
  );
}
