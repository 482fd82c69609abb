import type { AuditEntry, PersonRecord } from "../api/types";

/** A value of a cell. */
export type Cell = string | number | boolean | null | undefined;

/** What a spreadsheet would take for the beginning of a formula, in its full-width spelling too. */
const formula = /^[=+\-@\t\r\n＝＋－＠|%]/;

/**
 * Writes a cell so that a spreadsheet shows the text and computes nothing: people type what they like into answers, and spreadsheets take some of
 * it for formulas. https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvCell(value: Cell): string {
  if (value === undefined || value === null) {
    return "";
  }
  if (typeof value === "number" && Number.isFinite(value)) {
    return String(value);
  }
  const text = String(value).replaceAll("\0", "");
  const safe = formula.test(text.trimStart()) || formula.test(text) ? `'${text}` : text;
  return /[",;\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Writes a line. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

/** What makes spreadsheets read the file as UTF-8. */
export const byteOrderMark = "\uFEFF";

const auditColumns = [
  "sequence",
  "time",
  "actor",
  "actorName",
  "method",
  "permission",
  "resource",
  "clientAddress",
  "requestId",
  "outcome",
  "code",
  "start",
  "previousHash",
  "hash",
] as const satisfies readonly (keyof AuditEntry)[];

export const auditHead = csvLine(auditColumns);

/** One entry of the audit log as a line. */
export function auditLine(entry: AuditEntry): string {
  return csvLine(auditColumns.map((column) => entry[column]));
}

export const personHead = csvLine(["service", "kind", "name", "time", "field", "value"]);

/** What is kept of a person as lines, one for each value. */
export function personLines(record: PersonRecord): string {
  const { service, kind, name, time } = record;
  return leavesOf(record.content ?? {})
    .map(([field, value]) => csvLine([service, kind, name, time, field, value]))
    .join("");
}

function leavesOf(value: unknown, path = ""): [string, Cell][] {
  if (Array.isArray(value)) {
    return value.flatMap((element, i) => leavesOf(element, `${path}[${i}]`));
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, path === "" ? name : `${path}.${name}`));
  }
  return [[path, value as Cell]];
}
