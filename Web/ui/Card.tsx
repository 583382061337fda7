import type { ReactNode } from 'react';
import { classes } from './classes';

/** A piece of paper on the page. */
export function Card({ children, className, isFlush = false }: { children: ReactNode; className?: string; isFlush?: boolean }) {
  return (
    <section className={classes('rounded-card border border-line bg-surface shadow-card', !isFlush && 'p-5 sm:p-6', className)}>
      {children}
    </section>
  );
}

/** A card's title with what can be done about the whole card. */
export function CardTitle({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="mb-4 flex min-h-9 items-center justify-between gap-3">
      <h2 className="text-lg font-semibold text-ink">{children}</h2>
      {action}
    </div>
  );
}
