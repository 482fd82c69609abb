import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { integer, type Light } from "../api/types";
import { useFormat } from "../app/hooks";
import type { Column } from "../app/Table";
import { known } from "./known";

/** The identifier of what a light is of. */
export function unitOf(light: Light): string {
  return (light.name ?? "").split("/")[1] ?? "";
}

/** The columns of a table of lights, of which the first says what they are of. */
export function lightColumns(t: TFunction, of: string): readonly Column[] {
  return [
    { label: of },
    { label: t("lights.colour") },
    { label: t("lights.mean"), number: true },
    { label: t("lights.answers"), number: true },
    { label: t("lights.trend") },
    { label: t("lights.stake"), number: true },
  ];
}

/** A light as a row of a table: what it is of, its colour, its score with interval and n, where it goes, and what is at stake. */
export function LightRow({ light, within = false }: { light: Light; within?: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { interval } = light;
  const determined = interval?.lower !== undefined && interval.upper !== undefined;
  const previous = light.previousColour ?? "LIGHT_COLOUR_UNSPECIFIED";
  return (
    <tr className={within ? "within" : undefined}>
      <th scope="row">{unitOf(light)}</th>
      <td>
        <span className={`light ${light.colour}`} aria-hidden="true" /> {t(`lights.colourOf.${known(light.colour)}`)}
        {light.uncertain && <span className="detail">{t("lights.uncertain")}</span>}
        {previous !== "LIGHT_COLOUR_UNSPECIFIED" && light.colourTime !== undefined && (
          <span className="detail">
            {t("lights.before", {
              colour: t(`lights.colourOf.${known(previous)}`),
              time: format.moment(light.colourTime),
            })}
          </span>
        )}
      </td>
      <td className="number">
        {format.decimal(light.mean ?? 0)}
        <span className="detail">
          {determined
            ? t("score.interval", {
                level: `${format.plain((interval?.level ?? 0.95) * 100)}\u00a0%`,
                lower: format.decimal(interval?.lower ?? 0),
                upper: format.decimal(interval?.upper ?? 0),
              })
            : t("lights.noInterval")}
        </span>
      </td>
      <td className="number">
        n = {format.integer(integer(light.answerCount))}
        <span className="detail">
          {t("lights.contacts", { formatted: format.integer(integer(light.contactCount)) })}
        </span>
      </td>
      <td>
        {t(`lights.trendOf.${light.trend ?? "TREND_UNSPECIFIED"}`)}
        {light.trendDifference !== undefined && <span className="detail">{signed(format, light.trendDifference)}</span>}
      </td>
      <td className="number">
        {(light.valueAtStake ?? 0) > 0 ? format.integer(light.valueAtStake ?? 0) : "–"}
        {(light.value ?? 0) > 0 && (
          <span className="detail">{t("lights.ofValue", { value: format.integer(light.value ?? 0) })}</span>
        )}
      </td>
    </tr>
  );
}

function signed(format: ReturnType<typeof useFormat>, value: number): string {
  return value > 0 ? `+${format.decimal(value)}` : format.decimal(value);
}
