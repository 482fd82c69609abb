import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Column, Table } from "../app/Table";

/** So many rows are shown at first: a chain has thousands of places, and nobody reads them all. */
const first = 25;

/** A table that begins with a few rows and shows more on demand. */
export function Rows<T>(props: {
  columns: readonly Column[];
  items: readonly T[];
  row: (item: T, index: number) => ReactNode;
}) {
  const { columns, items, row } = props;
  const { t } = useTranslation();
  const [most, setMost] = useState(first);
  return (
    <>
      <Table columns={columns}>{items.slice(0, most).map(row)}</Table>
      {items.length > most && (
        <p>
          <button type="button" onClick={() => setMost(most * 4)}>
            {t("operations.moreRows", { count: items.length - most })}
          </button>
        </p>
      )}
    </>
  );
}
