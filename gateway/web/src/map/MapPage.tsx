import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { integer, type MapAnswer, type MapFeature } from "../api/types";
import { useAddress } from "../app/address";
import { useFormat, useResource } from "../app/hooks";
import { Narrowed } from "../app/Narrowed";
import { Problem } from "../app/Problem";
import { DayFields, type OfSurvey, SurveyField, SurveyPage } from "../app/SurveyPage";
import { Figure } from "../charts/Figure";
import { saveTable } from "../charts/save";
import { Basis, useFoot } from "../priorities/Basis";
import { queryOf } from "../priorities/subject";
import { drawMap, mapHeight } from "./MapChart";
import { boundsOf, fitted, moved, nearest, union, type View, zoomed } from "./mercator";
import { Places, Remainder } from "./Places";

/** What the map may show of each place. */
const metrics = ["MAP_METRIC_NPS", "MAP_METRIC_CSAT", "MAP_METRIC_MEAN"] as const;

/** What is asked for around what is seen: wide enough for any screen. */
const widest = 1200;

/** How places do, on a map and as a list. */
export function MapPage({ client }: { client: Client }) {
  const { t } = useTranslation();
  return (
    <SurveyPage client={client} name="map" title={t("map.title")}>
      {(of) => <Shown client={client} {...of} />}
    </SurveyPage>
  );
}

function Shown({ client, survey, surveys }: OfSurvey & { client: Client }) {
  const { t } = useTranslation();
  const [given, change] = useAddress();
  const address = { ...given, survey: survey.name ?? "" };
  const metric = metrics.find((candidate) => candidate === given.measure);
  const [view, setView] = useState<View>();
  const request = JSON.stringify({
    query: queryOf(address),
    ...(metric === undefined ? {} : { metric }),
    // Before it is known where anything is, clusters are enough to find out.
    ...(view === undefined
      ? { zoom: 4 }
      : { zoom: Math.floor(view.zoom), bounds: boundsOf(view, widest, mapHeight * 1.5) }),
  });
  const load = useCallback(
    (signal: AbortSignal) => client.send<MapAnswer>("POST", "map:query", JSON.parse(request), signal),
    [client, request],
  );
  const loaded = useResource(load);
  // While the map moves, what is known of the part that was seen before stays.
  const [kept, setKept] = useState<MapAnswer>();
  useEffect(() => {
    if (loaded.value !== undefined) {
      setKept(loaded.value);
    }
  }, [loaded.value]);
  const found = loaded.value ?? kept;
  const features = loaded.value?.features;
  useEffect(() => {
    if (view === undefined && features !== undefined && features.length > 0) {
      setView(fitted(union(features.map(extentOf)), 520, mapHeight - 90));
    }
  }, [view, features]);
  return (
    <>
      <section className="card" aria-label={t("priorities.controls")}>
        <div className="selectors">
          <SurveyField
            {...{ survey, surveys }}
            choose={(name) => {
              setView(undefined);
              change({ survey: name, filter: "", question: "", measure: "" });
            }}
          />
          <label>
            <span>{t("metric")}</span>
            <select value={metric ?? ""} onChange={(e) => change({ measure: e.target.value })}>
              <option value="">{t("map.automatic")}</option>
              {metrics.map((candidate) => (
                <option key={candidate} value={candidate}>
                  {t(`metricTitles.${candidate.replace("MAP_", "") as "METRIC_NPS"}`)}
                </option>
              ))}
            </select>
          </label>
          <DayFields days={given} change={change} />
        </div>
      </section>
      <Narrowed address={given} change={change} />
      {loaded.error !== undefined && <Problem error={loaded.error} retry={loaded.reload} />}
      {found === undefined && loaded.error === undefined && <p role="status">{t("loading")}</p>}
      {found !== undefined && <Found {...{ found, view, setView, address, change }} />}
    </>
  );
}

/** Where a feature reaches; the box of the whole answer is that of the middles of clusters. */
function extentOf({ geometry, properties }: MapFeature): readonly number[] {
  const [longitude = 0, latitude = 0] = geometry?.coordinates ?? [];
  const { extent } = properties ?? {};
  return extent?.length === 4 ? extent : [longitude, latitude, longitude, latitude];
}

function Found(props: {
  found: MapAnswer;
  view: View | undefined;
  setView: (view: View | undefined) => void;
  address: ReturnType<typeof useAddress>[0];
  change: ReturnType<typeof useAddress>[1];
}) {
  const { found, view, setView, address, change } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(found.basis);
  const [pointed, setPointed] = useState("");
  const features = found.features ?? [];
  const choose = (feature: MapFeature) => {
    const [longitude = 0, latitude = 0] = feature.geometry?.coordinates ?? [];
    setPointed(feature.id ?? "");
    if (feature.properties?.cluster) {
      const { zoom } = fitted(feature.properties.extent ?? [], 420, mapHeight - 160);
      setView({ longitude, latitude, zoom: Math.min(nearest, Math.max(zoom, (view?.zoom ?? 0) + 1)) });
    } else if (view !== undefined) {
      setView({ ...view, longitude, latitude });
    }
  };
  const title = t(`map.variant.${(found.variant ?? "NPS_ANSWERED") as "NPS_ANSWERED"}`);
  return (
    <section className="card analysis">
      {features.length === 0 && view === undefined && <p>{t("map.none")}</p>}
      {view !== undefined && (
        <>
          <Steering view={view} setView={setView} />
          <Figure
            title={title}
            foot={foot}
            summary={t("map.summary", { count: features.length })}
            file="otklik-map"
            draw={(width) => drawMap({ features, view, pointed, choose }, format, width)}
            more={
              <button type="button" className="quiet" onClick={() => save(found)}>
                CSV
              </button>
            }
          />
          <p className="muted small">{t("map.legend")}</p>
          <Places {...{ features, pointed, choose, address, change }} />
        </>
      )}
      <Remainder of={found.remainder} />
      <Basis basis={found.basis} />
    </section>
  );
}

/** Moves the map without a mouse. */
function Steering({ view, setView }: { view: View; setView: (view: View | undefined) => void }) {
  const { t } = useTranslation();
  const ways: readonly [string, string, View | undefined][] = [
    ["+", t("map.nearer"), zoomed(view, 1)],
    ["−", t("map.farther"), zoomed(view, -1)],
    ["←", t("map.west"), moved(view, -200, 0)],
    ["→", t("map.east"), moved(view, 200, 0)],
    ["↑", t("map.north"), moved(view, 0, -150)],
    ["↓", t("map.south"), moved(view, 0, 150)],
    ["⤢", t("map.whole"), undefined],
  ];
  return (
    <fieldset className="saving" aria-label={t("map.steering")}>
      {ways.map(([sign, title, next]) => (
        <button key={sign} type="button" aria-label={title} title={title} onClick={() => setView(next)}>
          {sign}
        </button>
      ))}
    </fieldset>
  );
}

function save(found: MapAnswer): void {
  saveTable(
    "otklik-map",
    [
      "id",
      "display_name",
      "longitude",
      "latitude",
      "locations",
      "estimate",
      "lower",
      "upper",
      "n",
      "light",
      "uncertain",
    ],
    (found.features ?? []).map(({ id, geometry, properties }) => [
      id,
      properties?.displayName,
      geometry?.coordinates?.[0],
      geometry?.coordinates?.[1],
      integer(properties?.locations),
      properties?.estimate,
      properties?.interval?.lower,
      properties?.interval?.upper,
      integer(properties?.n),
      properties?.light?.replace("UNIT_COLOUR_", ""),
      properties?.uncertain,
    ]),
  );
}
