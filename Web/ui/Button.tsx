import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode } from 'react';
import { forwardRef } from 'react';
import { Link } from '../lib/router';
import { classes } from './classes';
import type { IconName } from './Icon';
import { Icon } from './Icon';
import { Spinner } from './Spinner';

export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger' | 'onDeep' | 'outlineOnDeep';

const shape =
  'inline-flex min-h-11 items-center justify-center gap-2 rounded-control px-5 py-2.5 text-[0.9375rem] font-semibold leading-tight transition-colors ' +
  'disabled:opacity-55 aria-disabled:opacity-55';

const looks: Record<ButtonKind, string> = {
  primary: 'bg-brand text-on-brand enabled:hover:bg-brand-strong',
  secondary: 'border border-edge bg-surface text-ink enabled:hover:bg-sunken',
  quiet: 'text-brand-text enabled:hover:bg-brand-soft',
  danger: 'bg-danger-fill text-on-danger enabled:hover:opacity-90',
  onDeep: 'bg-on-deep text-deep enabled:hover:opacity-90',
  outlineOnDeep: 'border border-on-deep-muted text-on-deep enabled:hover:bg-on-deep enabled:hover:text-deep',
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: ButtonKind;
  icon?: IconName;
  /** Work is under way: the button keeps its width, shows a spinner and takes no second press. */
  isBusy?: boolean;
  isWide?: boolean;
  children: ReactNode;
}

export const Button = forwardRef<HTMLButtonElement, ButtonProps>(function Button(
  { kind = 'primary', icon, isBusy = false, isWide = false, className, children, onClick, type = 'button', ...rest },
  reference,
) {
  return (
    <button
      ref={reference}
      type={type}
      aria-busy={isBusy || undefined}
      aria-disabled={isBusy || undefined}
      className={classes(shape, looks[kind], isWide && 'w-full', className)}
      onClick={(event) => {
        // A busy button stays focusable, so that the keyboard does not lose its place; it only stops working.
        if (isBusy) {
          event.preventDefault();
          return;
        }
        onClick?.(event);
      }}
      {...rest}
    >
      {isBusy ? <Spinner size={18} isImmediate /> : icon !== undefined && <Icon name={icon} size={18} />}
      <span>{children}</span>
    </button>
  );
});

/** A link that looks like a button; it stays a link for keyboards, screen readers and "open in a new tab". */
export function LinkButton({
  to,
  kind = 'primary',
  icon,
  isWide = false,
  className,
  children,
  ...rest
}: {
  to: string;
  kind?: ButtonKind;
  icon?: IconName;
  isWide?: boolean;
  children: ReactNode;
} & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const look = looks[kind].replace(/enabled:/g, '');
  return (
    <Link to={to} className={classes(shape, look, isWide && 'w-full', className)} {...rest}>
      {icon !== undefined && <Icon name={icon} size={18} />}
      <span>{children}</span>
    </Link>
  );
}

/** A button of one picture; `label` is what it is called, for everybody who does not see the picture. */
export const IconButton = forwardRef<
  HTMLButtonElement,
  { icon: IconName; label: string; isOnDeep?: boolean } & ButtonHTMLAttributes<HTMLButtonElement>
>(function IconButton({ icon, label, isOnDeep = false, className, type = 'button', ...rest }, reference) {
  return (
    <button
      ref={reference}
      type={type}
      aria-label={label}
      title={label}
      className={classes(
        'inline-flex size-11 shrink-0 items-center justify-center rounded-full transition-colors',
        isOnDeep ? 'text-on-deep hover:bg-brand-strong' : 'text-muted hover:bg-sunken hover:text-ink',
        className,
      )}
      {...rest}
    >
      <Icon name={icon} size={20} />
    </button>
  );
});
