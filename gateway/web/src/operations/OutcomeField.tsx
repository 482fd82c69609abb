import { useTranslation } from "react-i18next";
import { outcomeOf, outcomes } from "./measures";
import type { View } from "./view";

/** Chooses what places are compared by. */
export function OutcomeField({ view }: { view: View }) {
  const { t } = useTranslation();
  return (
    <label>
      <span>{t("operations.outcome")}</span>
      <select value={outcomeOf(view.address.measure)} onChange={(e) => view.change({ measure: e.target.value })}>
        {outcomes.map((outcome) => (
          <option key={outcome} value={outcome}>
            {t(`operations.outcomeOf.${outcome}`)}
          </option>
        ))}
      </select>
    </label>
  );
}
