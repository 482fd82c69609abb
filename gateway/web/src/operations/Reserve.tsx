import { useTranslation } from "react-i18next";
import type { ReserveAnswer } from "../api/types";
import { useFormat } from "../app/hooks";
import { drawBars } from "../charts/Bars";
import { Figure } from "../charts/Figure";
import { useAnalysis } from "../priorities/analysis";
import { scaled } from "../priorities/numbers";
import { Interval } from "../priorities/parts";
import { Computed } from "./Computed";
import { Csv } from "./Csv";
import { Foundation, useFoot } from "./Foundation";
import { percent, written } from "./measures";
import { PlaceLink } from "./PlaceLink";
import { queryOf } from "./query";
import { Rows } from "./Rows";
import type { View } from "./view";

/** So many places are drawn; the table has all. */
const most = 15;

/** What could be gained if each place served visitors as the better ones do. What a model says, and marked as that. */
export function Reserve({ view }: { view: View }) {
  const { t } = useTranslation();
  const answer = useAnalysis<ReserveAnswer>(view.client, "reserve:query", { query: queryOf(view.days, view.address) });
  return (
    <>
      <section className="card analysis">
        <h2>
          {t("operations.reserve.title")} <span className="model">{t("operations.reserve.model")}</span>
        </h2>
        <p className="muted">{t("operations.reserve.explain")}</p>
      </section>
      <Computed of={answer}>{(reserve) => <Shown view={view} reserve={reserve} />}</Computed>
    </>
  );
}

function Shown({ view, reserve }: { view: View; reserve: ReserveAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(reserve.basis);
  const places = reserve.locations ?? [];
  const gaining = places.filter(({ gained }) => (gained?.value ?? 0) > 0);
  const labels = { gained: t("operations.reserve.gained"), coverage: t("operations.quality.coverageHead") };
  return (
    <section className="card analysis">
      <p className="headline">
        {t("operations.reserve.total", { gained: format.fixed(reserve.gained?.value ?? 0, 0) })}
        <Interval of={reserve.gained?.interval} digits={0} />
      </p>
      <p>{t("operations.reserve.target", { target: written(format, reserve.targetCoverage, percent) })}</p>
      <p role="note" className="narrowed">
        {t("operations.reserve.assumes")}
      </p>
      <Figure
        title={`${t("operations.reserve.chart")} (${t("operations.reserve.model")})`}
        foot={foot}
        summary={t("operations.reserve.summary", { count: Math.min(most, gaining.length) })}
        file="otklik-reserve"
        draw={(width) =>
          drawBars(
            gaining.slice(0, most).map(({ coverage, gained }) => ({
              id: coverage?.location ?? "",
              label: view.titleOf(coverage?.location),
              ...scaled(gained),
              colour: "var(--mix)",
              note: written(format, coverage?.coverage?.value, percent),
            })),
            labels.gained,
            format,
            width,
          )
        }
        more={
          <Csv
            file="otklik-reserve"
            head={["location", "gained", "lower", "upper", "coverage", "visitors", "consultations", "days"]}
            rows={() =>
              places.map(({ coverage, gained }) => [
                coverage?.location,
                gained?.value,
                gained?.interval?.lower,
                gained?.interval?.upper,
                coverage?.coverage?.value,
                Number(coverage?.visitors ?? 0),
                Number(coverage?.consultations ?? 0),
                coverage?.days,
              ])
            }
          />
        }
      />
      <Rows
        columns={[{ label: t("operations.place") }, ...Object.values(labels).map((label) => ({ label, number: true }))]}
        items={places}
        row={({ coverage, gained }) => (
          <tr key={coverage?.location}>
            <th scope="row">
              <PlaceLink view={view} place={coverage?.location} />
              <span className="detail">{t("operations.days", { count: coverage?.days ?? 0 })}</span>
            </th>
            <td className="number" data-label={labels.gained}>
              {(gained?.value ?? 0) > 0 ? format.fixed(gained?.value ?? 0, 0) : t("operations.reserve.reached")}
              {(gained?.value ?? 0) > 0 && <Interval of={gained?.interval} digits={0} />}
            </td>
            <td className="number" data-label={labels.coverage}>
              {written(format, coverage?.coverage?.value, percent)}
              <Interval of={coverage?.coverage?.interval} digits={1} factor={100} unit={percent.unit} />
            </td>
          </tr>
        )}
      />
      <Foundation basis={reserve.basis} view={view} />
    </section>
  );
}
