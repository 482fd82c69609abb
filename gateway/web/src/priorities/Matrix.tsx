import { useState } from "react";
import { useTranslation } from "react-i18next";
import { integer, type MatrixAnswer } from "../api/types";
import { Go } from "../app/Go";
import { useFormat } from "../app/hooks";
import { Table } from "../app/Table";
import { Figure } from "../charts/Figure";
import { saveTable } from "../charts/save";
import { Analysed } from "./Analysed";
import { useAnalysis } from "./analysis";
import { Basis, useFoot } from "./Basis";
import { drawMatrix, outlineOf } from "./MatrixChart";
import { type Placed, placed } from "./numbers";
import { Interval } from "./parts";
import { choiceOf, queryOf, type Subject, titleOf } from "./subject";

/** What is important and low comes first: the satisfaction matrix, as a chart and as a list of work. */
export function Matrix({ subject }: { subject: Subject }) {
  const answer = useAnalysis<MatrixAnswer>(subject.client, "matrix:query", {
    query: queryOf(subject.address),
    ...choiceOf(subject),
  });
  return (
    <Analysed of={answer} subject={subject}>
      {(matrix) => <Shown subject={subject} matrix={matrix} />}
    </Analysed>
  );
}

function Shown({ subject, matrix }: { subject: Subject; matrix: MatrixAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(matrix.basis);
  const [pointed, setPointed] = useState("");
  const normalized = matrix.normalized ?? false;
  const points = placed(matrix.items ?? [], true, normalized);
  const scale = matrix.items?.[0]?.question?.scale;
  const scoreTitle = normalized
    ? t("priorities.matrix.scoreNormal")
    : t("priorities.matrix.scoreScale", { min: format.plain(scale?.min ?? 0), max: format.plain(scale?.max ?? 0) });
  const outcome = titleOf(subject, matrix.outcome);
  const first = points.filter(({ item }) => item.priority === 1);
  return (
    <section className="card analysis">
      <h2>{t("priorities.matrix.title")}</h2>
      <p className="muted">{t("priorities.matrix.explain")}</p>
      <p>
        {t("priorities.matrix.explained", {
          outcome,
          n: format.integer(integer(matrix.outcome?.n)),
          share: format.fixed(100 * (matrix.rSquared ?? 0), 0),
        })}
      </p>
      <Figure
        title={t("priorities.matrix.chart", { outcome })}
        foot={foot}
        summary={t("priorities.matrix.summary", {
          count: points.length,
          first: first.map(({ item }) => titleOf(subject, item.question)).join("; ") || "—",
        })}
        file="otklik-matrix"
        draw={(width) =>
          drawMatrix(
            points,
            {
              importanceCut: 100 * (matrix.importanceCut ?? 0),
              scoreCut: matrix.scoreCut ?? 0,
              importanceTitle: t("priorities.matrix.importance"),
              scoreTitle,
              quadrants: [1, 2, 3, 4].map((priority) => t(`priorities.quadrant.${priority as 1}`)),
            },
            pointed,
            format,
            width,
          )
        }
        more={
          <button type="button" className="quiet" onClick={() => save(subject, points)}>
            CSV
          </button>
        }
      />
      <p className="muted small">{t("priorities.matrix.legend")}</p>
      <Items {...{ subject, points, normalized, pointed, setPointed }} />
      <Basis basis={matrix.basis} />
    </section>
  );
}

function Items(props: {
  subject: Subject;
  points: readonly Placed[];
  normalized: boolean;
  pointed: string;
  setPointed: (id: string) => void;
}) {
  const { subject, normalized, pointed, setPointed } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const labels = {
    item: t("priorities.item"),
    place: t("priorities.matrix.place"),
    importance: t("priorities.matrix.importance"),
    score: t("priorities.matrix.score"),
  };
  return (
    <Table
      columns={[
        { label: labels.item },
        { label: labels.place },
        { label: labels.importance, number: true },
        { label: labels.score, number: true },
      ]}
    >
      {props.points.map(({ item, id, number, score }) => (
        <tr
          key={id}
          className={pointed === id ? "pointed" : undefined}
          onMouseEnter={() => setPointed(id)}
          onMouseLeave={() => setPointed("")}
          onFocus={() => setPointed(id)}
          onBlur={() => setPointed("")}
        >
          <th scope="row">
            {number}.{" "}
            <Go {...subject} to={{ page: "", question: id, metric: "METRIC_MEAN" }}>
              {titleOf(subject, item.question)}
            </Go>
          </th>
          <td data-label={labels.place}>
            <Shape priority={item.priority ?? 0} stable={item.stable ?? false} /> {item.priority}{" "}
            {t(`priorities.quadrant.${item.priority as 1}`)}
            <span className="detail">
              {t(item.stable ? "priorities.matrix.sure" : "priorities.matrix.unstable", {
                share: format.fixed(100 * (item.probabilities?.[(item.priority ?? 1) - 1] ?? 0), 0),
              })}
            </span>
          </td>
          <td className="number" data-label={labels.importance}>
            {format.fixed(100 * (item.importance?.value ?? 0), 1)}
            {"\u00a0"}%
            <Interval of={item.importance?.interval} digits={1} factor={100} />
            <span className="detail">{t("score.n", { n: format.integer(integer(item.pairN)) })}</span>
          </td>
          <td className="number" data-label={labels.score}>
            {format.fixed(item.score?.value ?? 0, 2)}
            {normalized && (
              <span className="detail">
                {t("priorities.matrix.ofHundred", { value: format.fixed(score.value, 0) })}
              </span>
            )}
            <Interval of={item.score?.interval} digits={2} />
            <span className="detail">{t("score.n", { n: format.integer(integer(item.question?.n)) })}</span>
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** The mark of an item in the chart. */
function Shape({ priority, stable }: { priority: number; stable: boolean }) {
  const colour = `var(--priority-${priority})`;
  return (
    <svg viewBox="-14 -14 28 28" width="16" height="16" aria-hidden="true" className="shape">
      <path
        d={outlineOf(priority)}
        fill={stable ? colour : "none"}
        stroke={colour}
        strokeWidth="3"
        strokeDasharray={stable ? undefined : "5 3"}
      />
    </svg>
  );
}

function save(subject: Subject, points: readonly Placed[]): void {
  saveTable(
    "otklik-matrix",
    [
      "number",
      "question",
      "text",
      "priority",
      "probability",
      "stable",
      "importance",
      "importance_lower",
      "importance_upper",
      "pair_n",
      "score",
      "score_lower",
      "score_upper",
      "score_of_100",
      "n",
    ],
    points.map(({ item, id, number }) => [
      number,
      id,
      titleOf(subject, item.question),
      item.priority,
      item.probabilities?.[(item.priority ?? 1) - 1],
      item.stable,
      item.importance?.value,
      item.importance?.interval?.lower,
      item.importance?.interval?.upper,
      integer(item.pairN),
      item.score?.value,
      item.score?.interval?.lower,
      item.score?.interval?.upper,
      item.normalizedScore,
      integer(item.question?.n),
    ]),
  );
}
