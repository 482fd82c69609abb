import type { Question } from "../api/types";
import type { Export, ExportFormat, ExportKind } from "./types";

/** What can be exported, and which permissions it takes to see what its rows are of. */
export const exportKinds = {
  KIND_RESPONSES: "survey.responses.list",
  KIND_COMMENTS: "comment.comments.list",
  KIND_SCORES: "scoring.scores.query",
  KIND_CONTACTS: "segmentation.contacts.list",
  KIND_CASES: "segmentation.cases.list",
  KIND_OPERATIONS: "reporting.operations.list",
  KIND_REFUSALS: "survey.refusals.list",
  KIND_REPORTS: "reporting.reports.render",
} as const satisfies Partial<Record<ExportKind, string>>;

export type Kind = keyof typeof exportKinds;

/** What the rows of an export are. */
export function exportKindOf({ kind }: Export): Kind {
  return kind === undefined || kind === "KIND_UNSPECIFIED" ? "KIND_RESPONSES" : kind;
}

/** What is written, and what people call it. */
export const exportFormats = {
  FORMAT_CSV: "CSV",
  FORMAT_XLSX: "XLSX",
  FORMAT_JSONL: "JSONL",
  FORMAT_ZIP: "ZIP",
} as const satisfies Partial<Record<ExportFormat, string>>;

/** The kinds of records of operations. */
export const operationKinds = [
  "OPERATION_KIND_VISITORS",
  "OPERATION_KIND_SALES",
  "OPERATION_KIND_RECEIPTS",
  "OPERATION_KIND_PRESSES",
  "OPERATION_KIND_MYSTERY_VISITS",
  "OPERATION_KIND_TERMINALS",
  "OPERATION_KIND_EMOTIONS",
  "OPERATION_KIND_POLICY_CHANGES",
  "OPERATION_KIND_SHIFTS",
] as const;

/** The kinds whose rows are of one survey, and those that may be of one. */
export const ofSurvey: readonly Kind[] = ["KIND_RESPONSES", "KIND_SCORES", "KIND_REFUSALS"];

/** A column that may be chosen, and whether it is of persons. */
export interface Column {
  readonly name: string;
  readonly personal?: boolean;
}

const fixed: readonly Column[] = [
  { name: "position" },
  { name: "response_id" },
  { name: "revision" },
  { name: "count_time" },
  { name: "answer_time" },
  { name: "receive_time" },
  { name: "language" },
  { name: "touchpoint" },
  { name: "channel" },
  { name: "location" },
  { name: "region" },
  { name: "company" },
  { name: "employee", personal: true },
  { name: "attributes" },
  { name: "respondent", personal: true },
  { name: "invitation", personal: true },
  { name: "weight" },
  { name: "flags" },
];

/** The columns of responses to questions. */
export function columnsOf(questions: readonly Question[]): readonly Column[] {
  return [
    ...fixed,
    ...questions.flatMap((question) => {
      const answer = { name: `answer.${question.id}`, personal: question.freeText !== undefined };
      const commented = ["MODE_OPTIONAL", "MODE_REQUIRED_BELOW"].includes(question.comment?.mode ?? "");
      return commented ? [answer, { name: `comment.${question.id}`, personal: true }] : [answer];
    }),
  ];
}
