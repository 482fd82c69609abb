import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../app/Problem";
import { type Column, Table } from "../app/Table";
import type { Paged } from "./paging";

interface Props<T, P> {
  list: Paged<T, P>;
  columns: readonly Column[];
  row: (item: T) => ReactNode;
  /** What is said of a list without items. */
  none: string;
  /** What stands above and below the table, of the first page. */
  above?: (page: P) => ReactNode;
  below?: (page: P) => ReactNode;
}

/** A list that is read a page at a time, as a table. */
export function PagedTable<T, P>({ list, columns, row, none, above, below }: Props<T, P>) {
  const { t } = useTranslation();
  const { first, items, more, action } = list;
  if (first.value === undefined) {
    return first.error === undefined ? (
      <p role="status">{t("loading")}</p>
    ) : (
      <Problem error={first.error} retry={first.reload} />
    );
  }
  return (
    <section className="card">
      {first.error !== undefined && <Problem error={first.error} retry={first.reload} />}
      {above?.(first.value)}
      {items.length === 0 ? <p>{none}</p> : <Table columns={columns}>{items.map(row)}</Table>}
      {below?.(first.value)}
      {action.error !== undefined && <Problem error={action.error} />}
      {more !== undefined && (
        <button type="button" disabled={action.busy} onClick={more}>
          {t("more")}
        </button>
      )}
    </section>
  );
}
