/** A table. The first link of a row covers the row: the mouse can click anywhere, the keyboard and a screen reader use the link. */
import type { ReactNode } from 'react';

export interface ListRow {
  key: string;
  cells: readonly ReactNode[];
  /** The row has a link that works anywhere in it. */
  leads?: boolean;
}

export const List = ({
  label,
  heads,
  rows,
}: {
  label: string;
  heads: readonly string[];
  rows: readonly ListRow[];
}) => (
  <table className="list" aria-label={label}>
    <thead>
      <tr>
        {heads.map((head) => (
          <th key={head} scope="col">
            {head}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows.map(({ key, cells, leads = false }) => (
        <tr key={key} data-leads={leads ? '' : undefined}>
          {cells.map((cell, at) => (
            <td key={at}>{cell}</td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
);
