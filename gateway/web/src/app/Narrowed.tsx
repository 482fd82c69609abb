import { useTranslation } from "react-i18next";
import { periodOf } from "../score/period";
import type { Address } from "./address";
import { useFormat } from "./hooks";

/** Says that not all answers are counted, and leads back to all of them. Nothing where all are. */
export function Narrowed(props: {
  address: Address;
  change: (part: Partial<Address>) => void;
  /** Whether the filter is of no use on this page, for which it is said that it is left out. */
  filterIgnored?: boolean;
}) {
  const { address, change, filterIgnored = false } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const days = spanOf(address, (day) => format.day(new Date(`${day}T00:00:00Z`)));
  if (address.filter === "" && days === "") {
    return null;
  }
  return (
    <div className="narrowed" role="note">
      <p>
        {days !== "" && <>{t("narrowed.period", { days })} </>}
        {address.filter !== "" && (
          <>
            {t(filterIgnored ? "narrowed.ignored" : "narrowed.filter")} <code>{address.filter}</code>
          </>
        )}
      </p>
      <button type="button" className="quiet" onClick={() => change({ filter: "", from: "", to: "" })}>
        {t("narrowed.clear")}
      </button>
    </div>
  );
}

function spanOf({ from, to }: Address, day: (text: string) => string): string {
  // What is no day bounds nothing.
  const [first, last] = [periodOf(from, "") && day(from), periodOf("", to) && day(to)];
  return first === undefined && last === undefined ? "" : `${first ?? "…"} – ${last ?? "…"}`;
}
