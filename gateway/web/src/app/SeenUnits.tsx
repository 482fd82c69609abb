import { useTranslation } from "react-i18next";
import type { Units } from "../api/types";
import { UnitsText } from "../settings/parts";
import { isRestricted } from "../settings/units";

/** Tells somebody who is restricted to units what the numbers are about. */
export function SeenUnits({ units }: { units: Units | undefined }) {
  const { t } = useTranslation();
  if (!isRestricted(units)) {
    return null;
  }
  return (
    <p className="seen" role="note">
      {t("seenUnits")} <UnitsText units={units} />
    </p>
  );
}
