import { useTranslation } from "react-i18next";
import { integer, type MapFeature, type MapRemainder } from "../api/types";
import type { Address } from "../app/address";
import { Go } from "../app/Go";
import { useFormat } from "../app/hooks";
import { Table } from "../app/Table";
import { Interval } from "../priorities/parts";
import { both, condition } from "../score/filter";
import { markOf } from "./MapChart";

interface Props {
  features: readonly MapFeature[];
  pointed: string;
  choose: (feature: MapFeature) => void;
  address: Address;
  change: (part: Partial<Address>) => void;
}

/** What the map shows, as a list: what a light or a score asks to be looked at comes first. */
export function Places(props: Props) {
  const { address, change } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const labels = { light: t("lights.colour"), score: t("map.score"), n: t("trend.nHead") };
  const rank = (feature: MapFeature) => {
    const { light, red = 0 } = feature.properties ?? {};
    return light === "UNIT_COLOUR_RED" || red > 0 ? 0 : 1;
  };
  const order = [...props.features].sort(
    (a, b) => rank(a) - rank(b) || (a.properties?.estimate ?? 1e9) - (b.properties?.estimate ?? 1e9),
  );
  return (
    <Table
      columns={[
        { label: t("map.place") },
        { label: labels.light },
        { label: labels.score, number: true },
        { label: labels.n, number: true },
      ]}
    >
      {order.slice(0, 200).map((feature) => {
        const { cluster, displayName, locations, estimate, interval, n, light, uncertain, absenceReason } =
          feature.properties ?? {};
        const id = feature.id?.split("/")[1] ?? "";
        return (
          <tr key={feature.id} className={props.pointed === feature.id ? "pointed" : undefined}>
            <th scope="row">
              <button type="button" className="link" onClick={() => props.choose(feature)}>
                {cluster ? t("map.cluster", { formatted: format.integer(integer(locations)) }) : displayName || id}
              </button>
            </th>
            <td data-label={labels.light}>
              {cluster ? <Lights feature={feature} /> : <Light light={light} uncertain={uncertain ?? false} />}
            </td>
            <td className="number" data-label={labels.score}>
              {estimate === undefined
                ? t(absences[absenceReason ?? ""] ?? "score.withheld")
                : format.fixed(estimate, 1)}
              {estimate !== undefined && <Interval of={interval} digits={1} />}
            </td>
            <td className="number" data-label={labels.n}>
              {cluster || integer(n) === 0 ? (
                format.integer(integer(n))
              ) : (
                <Go
                  {...{ address, change }}
                  to={{ page: "", filter: both(address.filter, condition("location", id)), question: "", metric: "" }}
                >
                  {format.integer(integer(n))}
                </Go>
              )}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

function Light(props: { light: NonNullable<MapFeature["properties"]>["light"]; uncertain: boolean }) {
  const { t } = useTranslation();
  const { d, fill } = markOf(props.light);
  const colour = props.light?.replace("UNIT_COLOUR_", "");
  return (
    <>
      <svg viewBox="-13 -13 26 26" width="16" height="16" aria-hidden="true" className="shape">
        <path d={d} fill={fill} stroke="var(--text)" strokeWidth="2" />
      </svg>{" "}
      {colour === "UNSPECIFIED" || colour === undefined
        ? t("map.noLight")
        : t(`lights.colourOf.LIGHT_COLOUR_${colour as "RED"}`)}
      {props.uncertain && <span className="detail">{t("lights.uncertain")}</span>}
    </>
  );
}

function Lights({ feature }: { feature: MapFeature }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { red = 0, amber = 0, green = 0 } = feature.properties ?? {};
  return (
    <>
      {(
        [
          ["RED", red],
          ["AMBER", amber],
          ["GREEN", green],
        ] as const
      )
        .filter(([, count]) => count > 0)
        .map(([colour, count]) => `${t(`lights.colourOf.LIGHT_COLOUR_${colour}`)} ${format.integer(count)}`)
        .join(" · ")}
    </>
  );
}

/** Why there is no score, where it is not withheld. */
const absences: Record<string, "score.noAnswers" | "map.earlierScale"> = {
  NO_ANSWERS: "score.noAnswers",
  OTHER_SCALE: "map.earlierScale",
};

/** What the map does not show, and what to do. */
export function Remainder({ of }: { of: MapRemainder | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const lines = [
    [integer(of?.unlocatedCount), "map.unlocated", of?.unlocated],
    [integer(of?.unknownCount), "map.unknown", of?.unknown],
    [integer(of?.unstatedN), "map.unstated", undefined],
    [integer(of?.otherScaleN), "map.otherScale", undefined],
  ] as const;
  return lines
    .filter(([count]) => count > 0)
    .map(([count, key, names]) => (
      <p key={key} className="muted">
        {t(key, { formatted: format.integer(count) })}
        {names !== undefined && `: ${names.map((name) => name.replace("locations/", "")).join(", ")}`}
      </p>
    ));
}
