import type { ReactNode } from 'react';
import type { IconName } from './Icon';
import { Icon } from './Icon';

/** Nothing here yet: says why, and what to do about it. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName;
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center px-6 py-12 text-center">
      <span className="mb-4 flex size-14 items-center justify-center rounded-full bg-brand-soft text-brand-text">
        <Icon name={icon} size={26} />
      </span>
      <p className="text-lg font-semibold text-ink">{title}</p>
      {children !== undefined && <div className="mt-1 max-w-sm text-pretty text-muted">{children}</div>}
      {action !== undefined && <div className="mt-5">{action}</div>}
    </div>
  );
}
