import { download } from "../settings/download";
import type { ReportFormat } from "./types";

/** The forms of a report, and how people call them. */
export const formats = {
  REPORT_FORMAT_PDF: "PDF",
  REPORT_FORMAT_XLSX: "XLSX",
  REPORT_FORMAT_CSV: "CSV",
  REPORT_FORMAT_HTML: "HTML",
  REPORT_FORMAT_JSON: "JSON",
} as const satisfies Partial<Record<ReportFormat, string>>;

export type Form = keyof typeof formats;

/** All of them. */
export const forms = Object.keys(formats) as Form[];

/** A file as answers have it: bytes in base64. */
export interface File {
  readonly content?: string;
  readonly contentType?: string;
  readonly fileName?: string;
}

/** The bytes of what answers write in base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** The text of a file. */
export function textOf(file: File): string {
  return new TextDecoder().decode(bytesOf(file.content ?? ""));
}

/** Saves a file as one of the reader's. */
export function saveFile(file: File): void {
  download(file.fileName ?? "otklik", file.contentType ?? "application/octet-stream", [
    new Blob([bytesOf(file.content ?? "")]),
  ]);
}
