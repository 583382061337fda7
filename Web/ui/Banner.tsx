import type { ReactNode } from 'react';
import { classes } from './classes';
import type { IconName } from './Icon';
import { Icon } from './Icon';

export type Tone = 'info' | 'success' | 'warning' | 'danger' | 'neutral';

const looks: Record<Tone, string> = {
  info: 'bg-info-soft text-info',
  success: 'bg-success-soft text-success',
  warning: 'bg-warning-soft text-warning',
  danger: 'bg-danger-soft text-danger',
  neutral: 'bg-sunken text-muted',
};

const icons: Record<Tone, IconName> = {
  info: 'info',
  success: 'circle-check',
  warning: 'triangle-alert',
  danger: 'circle-alert',
  neutral: 'info',
};

/** Something that concerns the whole place it stands in. `danger` and `warning` are read out at once. */
export function Banner({
  tone = 'info',
  title,
  children,
  action,
}: {
  tone?: Tone;
  title?: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div
      role={tone === 'danger' || tone === 'warning' ? 'alert' : 'status'}
      className={classes('flex items-start gap-3 rounded-control px-4 py-3 text-sm', looks[tone])}
    >
      <Icon name={icons[tone]} size={20} className="mt-px shrink-0" />
      <div className="min-w-0 flex-1">
        {title !== undefined && <p className="font-semibold">{title}</p>}
        {children !== undefined && <div className={classes(title !== undefined && 'mt-0.5', 'text-pretty')}>{children}</div>}
      </div>
      {action}
    </div>
  );
}

/** One word about the state of a thing. */
export function Badge({ tone = 'neutral', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={classes(
        'inline-flex items-center whitespace-nowrap rounded-full px-2.5 py-0.5 text-xs font-semibold',
        looks[tone],
      )}
    >
      {children}
    </span>
  );
}
