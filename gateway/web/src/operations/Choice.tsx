import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Address } from "../app/address";
import { DayFields } from "../app/SurveyPage";
import { count, type Days, lastWeeks } from "./query";
import { titleIn, type Units } from "./units";

/** The lengths that are offered, in weeks. */
const lengths = [4, 8, 13, 26, 52] as const;

/** Which days and places are looked at. */
export function Choice(props: {
  address: Address;
  change: (part: Partial<Address>) => void;
  days: Days | undefined;
  regions: Units;
}) {
  const { address, change, days, regions } = props;
  const { t } = useTranslation();
  const from = days?.from ?? address.from;
  const to = days?.to ?? address.to;
  const chosen = lengths.find((weeks) => {
    const last = lastWeeks(new Date(), weeks);
    return last.from === from && last.to === to;
  });
  const earlier = { beforeFrom: "", beforeTo: "" };
  return (
    <section className="card" aria-label={t("operations.which")}>
      <div className="selectors">
        <label>
          <span>{t("overview.length")}</span>
          <select
            value={chosen ?? ""}
            onChange={(e) => change({ ...lastWeeks(new Date(), Number(e.target.value)), ...earlier })}
          >
            {chosen === undefined && (
              <option value="">
                {days === undefined ? t("overview.own") : t("operations.days", { count: count(days) })}
              </option>
            )}
            {lengths.map((weeks) => (
              <option key={weeks} value={weeks}>
                {t("operations.weeks", { count: weeks })}
              </option>
            ))}
          </select>
        </label>
        <DayFields days={{ from, to }} change={(chosenDays) => change({ ...chosenDays, ...earlier })} />
        {regions.size > 0 && (
          <label>
            <span>{t("priorities.keyOf.region")}</span>
            <select value={address.region} onChange={(e) => change({ region: e.target.value, place: "" })}>
              <option value="">{t("operations.everywhere")}</option>
              {[...regions.keys()].map((name) => (
                <option key={name} value={name}>
                  {titleIn(regions, name)}
                </option>
              ))}
            </select>
          </label>
        )}
        <Currency value={address.currency} choose={(currency) => change({ currency })} />
      </div>
    </section>
  );
}

/** The currency; it is chosen when the field is left or the key for it is pressed. */
function Currency({ value, choose }: { value: string; choose: (currency: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const done = () => {
    const code = text.trim().toUpperCase();
    // What is no code of a currency is taken back, rather than asked for.
    if (code === "" || /^[A-Z]{3}$/.test(code)) {
      choose(code);
    } else {
      setText(value);
    }
  };
  return (
    <label className="currency">
      <span>{t("operations.currency")}</span>
      <input
        value={text}
        maxLength={3}
        size={5}
        placeholder={t("operations.currencyAny")}
        onChange={(e) => setText(e.target.value)}
        onBlur={() => text !== value && done()}
        onKeyDown={(e) => e.key === "Enter" && done()}
      />
    </label>
  );
}
