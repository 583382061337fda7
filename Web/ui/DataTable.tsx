import type { ReactNode } from 'react';
import { Button } from './Button';
import { classes } from './classes';
import { useUiTexts } from './texts';

export interface Column<Row> {
  key: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** Amounts stand right, so that the points align. */
  align?: 'left' | 'right';
  /** Where the cell goes on the card that a row becomes on a phone; `hidden` leaves it out. */
  onPhone?: 'title' | 'aside' | 'detail' | 'hidden';
  /** Hidden below 1024 px, where the row is still a row. */
  isWideOnly?: boolean;
  /** Takes the width that is left, and shortens what does not fit. */
  isFilling?: boolean;
}

/**
 * A table that becomes a list of cards at 640 px and less. The markup stays one table: roles are written out, because browsers
 * forget them when a table is displayed as something else.
 */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
  onLoadMore,
  isLoadingMore = false,
}: {
  /** Read out, not shown: the heading above says it to everybody else. */
  caption: string;
  columns: Array<Column<Row>>;
  rows: Row[];
  rowKey: (row: Row) => string;
  /** Given while there is another page. */
  onLoadMore?: (() => void) | undefined;
  isLoadingMore?: boolean;
}) {
  const texts = useUiTexts();
  return (
    <>
      <table role="table" className="w-full border-collapse text-left text-[0.9375rem] max-sm:block">
        <caption className="sr-only">{caption}</caption>
        <thead role="rowgroup" className="max-sm:sr-only">
          <tr role="row" className="border-b border-line">
            {columns.map((column) => (
              <th
                key={column.key}
                role="columnheader"
                scope="col"
                className={classes(
                  'px-5 py-3 text-sm font-medium text-muted',
                  column.align === 'right' && 'text-right',
                  column.isWideOnly && 'max-lg:hidden',
                )}
              >
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" className="max-sm:block">
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              role="row"
              className="relative border-b border-line last:border-b-0 has-[a:hover]:bg-sunken max-sm:grid max-sm:grid-cols-[minmax(0,1fr)_auto] max-sm:items-start max-sm:gap-x-4 max-sm:px-5 max-sm:py-3.5"
            >
              {columns.map((column) => {
                const place = column.onPhone ?? 'detail';
                return (
                  <td
                    key={column.key}
                    role="cell"
                    className={classes(
                      'px-5 py-3.5 align-middle max-sm:p-0',
                      column.align === 'right' && 'text-right',
                      column.isWideOnly && 'sm:max-lg:hidden',
                      column.isFilling && 'sm:w-full sm:max-w-0',
                      place === 'title' && 'max-sm:col-start-1 max-sm:row-start-1',
                      place === 'aside' && 'max-sm:col-start-2 max-sm:row-start-1 max-sm:row-span-2 max-sm:text-right',
                      place === 'detail' && 'max-sm:col-start-1 max-sm:text-left max-sm:text-sm max-sm:text-muted',
                      place === 'hidden' && 'max-sm:hidden',
                    )}
                  >
                    {column.cell(row)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {onLoadMore !== undefined && (
        <div className="border-t border-line p-4 text-center">
          <Button kind="secondary" isBusy={isLoadingMore} onClick={onLoadMore}>
            {isLoadingMore ? texts.loadingMore : texts.loadMore}
          </Button>
        </div>
      )}
    </>
  );
}
