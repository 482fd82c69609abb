import { useTranslation } from "react-i18next";
import type { OperationGap } from "../api/types";
import { useFormat } from "../app/hooks";
import { Csv } from "./Csv";
import { PlaceLink } from "./PlaceLink";
import { count, dayIn } from "./query";
import { Rows } from "./Rows";
import type { Recorded } from "./recorded";
import type { View } from "./view";

const measures = ["MEASURE_VISITORS", "MEASURE_SALES", "MEASURE_PRESSES"] as const;

/** Where nothing was recorded: not that nothing happened, but that nobody knows. */
export function Gaps({ view, found }: { view: View; found: Recorded }) {
  const { t } = useTranslation();
  const format = useFormat();
  const zone = found.timeZone;
  const daysOf = ({ startTime = "", endTime = "" }: OperationGap) => ({
    from: dayIn(startTime, zone),
    to: dayIn(new Date(Date.parse(endTime) - 1).toISOString(), zone),
  });
  const day = (text: string) => format.day(new Date(`${text}T00:00:00Z`));
  const titleOf = (measure: string | undefined) => {
    const known = measures.find((candidate) => candidate === measure);
    return known === undefined ? measure : t(`operations.gaps.measureOf.${known}`);
  };
  const labels = { measure: t("operations.gaps.measure"), days: t("operations.gaps.days") };
  return (
    <section className="card analysis">
      <h2>{t("operations.gaps.title")}</h2>
      {found.gaps.length === 0 ? (
        <p>{t("operations.gaps.none")}</p>
      ) : (
        <>
          <p className="muted">{t("operations.gaps.explain")}</p>
          <Rows
            columns={[{ label: t("operations.place") }, { label: labels.measure }, { label: labels.days }]}
            items={found.gaps}
            row={(gap: OperationGap) => {
              const days = daysOf(gap);
              return (
                <tr key={`${gap.location} ${gap.measure} ${gap.startTime}`}>
                  <th scope="row">
                    <PlaceLink view={view} place={gap.location} />
                  </th>
                  <td data-label={labels.measure}>{titleOf(gap.measure)}</td>
                  <td data-label={labels.days}>
                    {days.from === days.to ? day(days.from) : `${day(days.from)} – ${day(days.to)}`}
                    <span className="detail">{t("operations.days", { count: count(days) })}</span>
                  </td>
                </tr>
              );
            }}
          />
          {found.moreGaps && <p className="muted">{t("operations.gaps.more")}</p>}
          <p className="saving">
            <span className="muted">{t("charts.save")}</span>
            <Csv
              file="otklik-gaps"
              head={["location", "measure", "first_day", "last_day"]}
              rows={() =>
                found.gaps.map((gap) => [
                  gap.location,
                  gap.measure?.replace("MEASURE_", ""),
                  daysOf(gap).from,
                  daysOf(gap).to,
                ])
              }
            />
          </p>
        </>
      )}
    </section>
  );
}
