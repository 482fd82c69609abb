import { ApiError } from "../api/error";

/** The greatest file that a call takes: greater ones are brought by the command line. */
export const mostBytes = 3 * 1024 * 1024;

/** Whether a file is a workbook, by its name. */
export function isWorkbook(name: string): boolean {
  return name.toLowerCase().endsWith(".xlsx");
}

/** Which field a column holds, one to a line as `column = field`; undefined where a line says something else. */
export function mappingOf(text: string): Readonly<Record<string, string>> | undefined {
  const found: Record<string, string> = {};
  for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
    // A column's name may hold an equals sign, a field's does not.
    const at = line.lastIndexOf("=");
    const [column, field] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (at < 0 || column === "" || field === "") {
      return undefined;
    }
    found[column] = field;
  }
  return found;
}

/** The content of a file as the API takes it: in base64. */
export function bytesText(file: File): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).replace(/^[^,]*,/, ""));
    // A file that was changed since it was chosen cannot be read any more.
    reader.onerror = () =>
      failed(new ApiError(reader.error?.message ?? "", { status: 400, reason: "FILE_UNREADABLE" }));
    reader.readAsDataURL(file);
  });
}
