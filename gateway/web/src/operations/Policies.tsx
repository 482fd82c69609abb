import { useTranslation } from "react-i18next";
import type { PoliciesAnswer, PolicyEffect, PolicySide } from "../api/types";
import { useFormat } from "../app/hooks";
import { Figure } from "../charts/Figure";
import { drawLines } from "../charts/Lines";
import { useAnalysis } from "../priorities/analysis";
import { Interval } from "../priorities/parts";
import { Computed } from "./Computed";
import { Csv } from "./Csv";
import { Foundation, useFoot } from "./Foundation";
import { change, type Measure, measureOf, outcomeOf, written } from "./measures";
import { OutcomeField } from "./OutcomeField";
import { policyTitle } from "./policy";
import { queryOf } from "./query";
import { Rows } from "./Rows";
import type { View } from "./view";

/** How many weeks before and after may be compared. */
const lengths = [4, 8, 13, 26] as const;

/** What changed with policies. */
export function Policies({ view }: { view: View }) {
  const { t } = useTranslation();
  const weeks = lengths.find((length) => String(length) === view.address.by) ?? 8;
  const answer = useAnalysis<PoliciesAnswer>(view.client, "policyEffects:query", {
    query: queryOf(view.days, view.address),
    outcome: outcomeOf(view.address.measure),
    weeks,
  });
  return (
    <>
      <section className="card analysis">
        <h2>{t("operations.policies.title")}</h2>
        <p className="muted">{t("operations.policies.explain")}</p>
        <div className="selectors">
          <OutcomeField view={view} />
          <label>
            <span>{t("operations.policies.weeks")}</span>
            <select value={weeks} onChange={(e) => view.change({ by: e.target.value })}>
              {lengths.map((length) => (
                <option key={length} value={length}>
                  {t("operations.policies.weeksOf", { count: length })}
                </option>
              ))}
            </select>
          </label>
        </div>
      </section>
      <Computed of={answer}>
        {(policies) => (
          <>
            {(policies.effects ?? []).length === 0 && <p className="card">{t("operations.policies.none")}</p>}
            {policies.effects?.map((effect) => (
              <Effect key={effect.policyChange} {...{ view, effect }} family={policies.family ?? 0} />
            ))}
          </>
        )}
      </Computed>
    </>
  );
}

/** What a reader is told of, for which the page has words of its own. */
const cautions = [
  "NO_CONTROL",
  "DIFFERENT_TRENDS",
  "TREND_BEFORE",
  "WEEKS_ALIKE",
  "SHORT_PERIOD",
  "OTHER_CHANGES",
] as const;

function Effect({ view, effect, family }: { view: View; effect: PolicyEffect; family: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(effect.basis);
  const measure = measureOf(effect.outcome, effect.basis?.currency);
  const outcome = t(`operations.outcomeOf.${outcomeOf(effect.outcome ?? "")}`);
  const title = policyTitle(t, effect.policy ?? "", effect.description ?? "");
  const day = format.day(new Date(`${effect.date}T00:00:00Z`));
  // Without a control only what changed where it holds is known.
  const told = effect.net ?? effect.held?.difference;
  const p = effect.test?.adjustedPValue;
  const trend = effect.trend ?? [];
  return (
    <section className="card analysis">
      <h3>{title}</h3>
      <p className="muted">{t("operations.policies.since", { day })}</p>
      {effect.absentReason ? (
        <p>{t("operations.policies.tooFewDays")}</p>
      ) : (
        <>
          <p className="headline">
            {t(effect.net === undefined ? "operations.policies.without" : "operations.policies.net", {
              outcome,
              net: change(format, told?.value, measure),
            })}
            <Interval of={told?.interval} digits={measure.digits} factor={measure.factor} unit={measure.unit} />
          </p>
          {p !== undefined && (
            <p>
              {t(p < 0.05 ? "operations.policies.beyond" : "operations.policies.chance", {
                p: p < 0.001 ? format.probability(p) : `= ${format.probability(p)}`,
                count: family,
              })}
            </p>
          )}
        </>
      )}
      {(effect.cautions ?? []).length > 0 && (
        <ul className="cautions">
          {effect.cautions?.map((caution) => {
            const known = cautions.find((candidate) => candidate === caution);
            return <li key={caution}>{known === undefined ? caution : t(`operations.policies.caution.${known}`)}</li>;
          })}
        </ul>
      )}
      {trend.length > 0 && (
        <Figure
          title={t("operations.policies.chart", { outcome, title })}
          foot={foot}
          summary={t("operations.policies.summary", { count: trend.length })}
          file={`otklik-policy-${effect.policyChange}`}
          draw={(width) =>
            drawLines(
              {
                lines: [
                  {
                    id: "held",
                    label: t("operations.policies.held"),
                    colour: "var(--accent)",
                    points: trend.map(({ week = 0, held }) => ({ at: week, value: times(held, measure) })),
                  },
                  ...(effect.control === undefined
                    ? []
                    : [
                        {
                          id: "control",
                          label: t("operations.policies.control"),
                          colour: "var(--mix)",
                          dashed: true,
                          points: trend.map(({ week = 0, control }) => ({ at: week, value: times(control, measure) })),
                        },
                      ]),
                ],
                marks: [{ id: "change", at: -0.5, label: `${day}: ${title}` }],
                place: (week) =>
                  format.dayOfYear(new Date(`${trend.find((one) => (one.week ?? 0) === week)?.startDate}T00:00:00Z`)),
                axis: `${outcome}${measure.unit === "" ? "" : `,${measure.unit}`}; ${t("operations.policies.axis")}`,
                gap: t("operations.nothing"),
              },
              format,
              width,
            )
          }
          more={
            <Csv
              file={`otklik-policy-${effect.policyChange}`}
              head={["week", "start_date", "held", "control"]}
              rows={() => trend.map((one) => [one.week ?? 0, one.startDate, one.held, one.control])}
            />
          }
        />
      )}
      {effect.held !== undefined && <Sides {...{ effect, measure }} />}
      <Foundation basis={effect.basis} view={view} />
    </section>
  );
}

function times(value: number | undefined, { factor }: Measure): number | undefined {
  return value === undefined ? undefined : value * factor;
}

/** Where it holds, and where it does not. */
function Sides({ effect, measure }: { effect: PolicyEffect; measure: Measure }) {
  const { t } = useTranslation();
  const format = useFormat();
  const labels = {
    before: t("priorities.bridge.before"),
    after: t("priorities.bridge.after"),
    difference: t("operations.policies.difference"),
  };
  const sides: [string, PolicySide | undefined][] = [
    [t("operations.policies.held"), effect.held],
    [t("operations.policies.control"), effect.control],
  ];
  return (
    <>
      <Rows
        columns={[
          { label: t("operations.policies.side") },
          ...Object.values(labels).map((label) => ({ label, number: true })),
        ]}
        items={sides.filter(([, side]) => side !== undefined)}
        row={([title, side]) => (
          <tr key={title}>
            <th scope="row">
              {title}
              <span className="detail">{t("operations.basis.n", { n: format.integer(side?.locations ?? 0) })}</span>
            </th>
            <td className="number" data-label={labels.before}>
              {written(format, side?.before, measure)}
            </td>
            <td className="number" data-label={labels.after}>
              {written(format, side?.after, measure)}
            </td>
            <td className="number" data-label={labels.difference}>
              {change(format, side?.difference?.value, measure)}
              <Interval
                of={side?.difference?.interval}
                digits={measure.digits}
                factor={measure.factor}
                unit={measure.unit}
              />
            </td>
          </tr>
        )}
      />
      {effect.slopeBefore !== undefined && (
        <p className="muted small">
          {t("operations.policies.slope", {
            slope: change(format, effect.slopeBefore.value, { ...measure, digits: measure.digits + 1 }),
          })}
          <Interval
            of={effect.slopeBefore.interval}
            digits={measure.digits + 1}
            factor={measure.factor}
            unit={measure.unit}
          />
        </p>
      )}
    </>
  );
}
