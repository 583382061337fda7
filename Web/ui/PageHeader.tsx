import type { ReactNode } from 'react';
import { Link, useTitle } from '../lib/router';
import { Icon } from './Icon';

/** The page's one `h1`, which also names the browser's tab; the router gives it the focus when the page opens. */
export function PageHeader({
  title,
  documentTitle,
  lead,
  back,
  action,
}: {
  title: ReactNode;
  /** Needed when `title` is not plain text. */
  documentTitle?: string;
  lead?: ReactNode;
  back?: { to: string; label: string };
  action?: ReactNode;
}) {
  useTitle(documentTitle ?? (typeof title === 'string' ? title : ''));
  return (
    <header className="mb-6">
      {back !== undefined && (
        <Link
          to={back.to}
          className="-ml-2 mb-1 inline-flex min-h-11 items-center gap-1.5 rounded-control px-2 text-sm font-medium text-muted hover:text-ink"
        >
          <Icon name="arrow-left" size={16} />
          {back.label}
        </Link>
      )}
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
        <div className="min-w-0">
          <h1 tabIndex={-1} className="text-2xl font-semibold text-ink wrap-anywhere sm:text-[1.75rem] sm:leading-9">
            {title}
          </h1>
          {lead !== undefined && <p className="mt-1 text-pretty text-muted">{lead}</p>}
        </div>
        {action}
      </div>
    </header>
  );
}
