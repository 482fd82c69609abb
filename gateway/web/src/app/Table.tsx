import type { ReactNode } from "react";

/** A column of a table; numbers stand to the right, one below the other. */
export interface Column {
  readonly label: string;
  readonly number?: boolean;
}

/** A table that scrolls by itself where it is wider than the page. */
export function Table({ columns, children }: { columns: readonly Column[]; children: ReactNode }) {
  return (
    <div className="wide">
      <table>
        <thead>
          <tr>
            {columns.map(({ label, number }) => (
              <th key={label} scope="col" className={number ? "number" : undefined}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
