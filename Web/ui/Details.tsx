import type { ReactNode } from 'react';
import { classes } from './classes';

export interface Detail {
  label: ReactNode;
  value: ReactNode;
  isStrong?: boolean;
}

/** Names and values one below the other, as on a receipt. Values are aligned right so that amounts stand in a column. */
export function Details({ items, className }: { items: Array<Detail | null>; className?: string }) {
  return (
    <dl className={classes('divide-y divide-line', className)}>
      {items.map(
        (item, index) =>
          item !== null && (
            <div key={index} className="flex items-baseline justify-between gap-6 py-3">
              <dt className="min-w-0 flex-1 text-sm text-muted">{item.label}</dt>
              <dd
                className={classes(
                  'max-w-[65%] shrink-0 text-right text-ink wrap-anywhere',
                  item.isStrong ? 'text-lg font-semibold' : 'font-medium',
                )}
              >
                {item.value}
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** A receipt: the outcome on top, the amount large, the facts below, the edge torn off. */
export function Receipt({
  head,
  amount,
  items,
  footer,
}: {
  head: ReactNode;
  amount: ReactNode;
  items: Array<Detail | null>;
  footer?: ReactNode;
}) {
  return (
    <section className="overflow-hidden rounded-card border border-line bg-surface shadow-card">
      <div className="flex flex-col items-center gap-1 bg-brand-soft px-6 py-8 text-center">
        {head}
        <p className="mt-2 text-4xl font-semibold tracking-tight text-ink">{amount}</p>
      </div>
      <div aria-hidden="true" className="mx-6 border-t-2 border-dashed border-line" />
      <div className="px-6 py-3">
        <Details items={items} />
      </div>
      {footer !== undefined && <div className="border-t border-line px-6 py-5">{footer}</div>}
    </section>
  );
}
