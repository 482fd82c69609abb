import { saveTable } from "../charts/save";
import type { Cell } from "../settings/csv";

/** Saves a table as CSV; its columns are named as in the API. */
export function Csv(props: { file: string; head: readonly string[]; rows: () => readonly (readonly Cell[])[] }) {
  return (
    <button type="button" className="quiet" onClick={() => saveTable(props.file, props.head, props.rows())}>
      CSV
    </button>
  );
}
