import type { ReactNode, SelectHTMLAttributes } from 'react';
import { forwardRef, useId } from 'react';
import { classes } from './classes';
import { controlLook, useFieldLinks } from './Field';
import { Icon } from './Icon';

export const Select = forwardRef<HTMLSelectElement, SelectHTMLAttributes<HTMLSelectElement>>(function Select(
  { className, children, ...rest },
  reference,
) {
  return (
    <div className="relative">
      <select
        ref={reference}
        {...useFieldLinks()}
        className={classes(controlLook, 'appearance-none truncate pr-11', className)}
        {...rest}
      >
        {children}
      </select>
      <span className="pointer-events-none absolute right-4 top-1/2 -translate-y-1/2 text-muted">
        <Icon name="chevron-down" size={18} />
      </span>
    </div>
  );
});

export interface RadioCardOption<Value extends string> {
  value: Value;
  title: ReactNode;
  detail?: ReactNode;
  /** Shown at the right, for example a balance. */
  aside?: ReactNode;
  isDisabled?: boolean;
}

/** A choice between a few things that deserve more than one line each. */
export function RadioCards<Value extends string>({
  legend,
  options,
  value,
  onChange,
  error,
  columns = 1,
}: {
  legend: ReactNode;
  options: Array<RadioCardOption<Value>>;
  value: Value | null;
  onChange: (value: Value) => void;
  error?: string | null;
  columns?: 1 | 2;
}) {
  const name = useId();
  const errorID = `${name}-error`;
  const hasError = error !== undefined && error !== null && error !== '';
  return (
    <fieldset
      className="flex min-w-0 flex-col gap-1.5"
      aria-describedby={hasError ? errorID : undefined}
      data-field-invalid={hasError || undefined}
    >
      <legend className="mb-1.5 text-sm font-medium text-ink">{legend}</legend>
      <div className={classes('grid grid-cols-1 gap-2.5', columns === 2 && 'sm:grid-cols-2')}>
        {options.map((option) => {
          const isChosen = option.value === value;
          return (
            <label
              key={option.value}
              className={classes(
                'relative flex min-h-14 cursor-pointer items-center gap-3 rounded-control border px-4 py-3 transition-colors',
                'has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-brand',
                isChosen ? 'border-brand bg-brand-soft' : 'border-line bg-surface hover:border-edge',
                option.isDisabled && 'cursor-not-allowed opacity-60',
              )}
            >
              <input
                type="radio"
                className="sr-only"
                name={name}
                value={option.value}
                checked={isChosen}
                disabled={option.isDisabled}
                aria-invalid={hasError || undefined}
                onChange={() => onChange(option.value)}
              />
              <span
                aria-hidden="true"
                className={classes(
                  'flex size-5 shrink-0 items-center justify-center rounded-full border-2',
                  isChosen ? 'border-brand' : 'border-edge',
                )}
              >
                {isChosen && <span className="size-2.5 rounded-full bg-brand" />}
              </span>
              <span className="min-w-0 flex-1">
                <span className="block font-medium text-ink wrap-anywhere">{option.title}</span>
                {option.detail !== undefined && (
                  <span className="block text-sm text-pretty text-muted wrap-anywhere">{option.detail}</span>
                )}
              </span>
              {option.aside !== undefined && (
                <span className="shrink-0 text-right text-sm font-semibold text-ink">{option.aside}</span>
              )}
            </label>
          );
        })}
      </div>
      {hasError && (
        <p id={errorID} className="flex items-start gap-1.5 text-sm font-medium text-danger">
          <Icon name="circle-alert" size={16} className="mt-0.5 shrink-0" />
          <span>{error}</span>
        </p>
      )}
    </fieldset>
  );
}

/** On or off, at once: what a checkbox is for settings. */
export function Switch({
  label,
  detail,
  isOn,
  onChange,
  isDisabled = false,
}: {
  label: ReactNode;
  detail?: ReactNode;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  isDisabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex min-h-14 items-center justify-between gap-4 py-2">
      <div className="min-w-0">
        <label htmlFor={id} className="block font-medium text-ink">
          {label}
        </label>
        {detail !== undefined && (
          <p id={`${id}-detail`} className="text-sm text-muted">
            {detail}
          </p>
        )}
      </div>
      <button
        id={id}
        type="button"
        role="switch"
        aria-checked={isOn}
        aria-describedby={detail === undefined ? undefined : `${id}-detail`}
        disabled={isDisabled}
        onClick={() => onChange(!isOn)}
        className="flex h-11 w-14 shrink-0 items-center justify-center rounded-full disabled:opacity-60"
      >
        <span
          className={classes(
            'flex h-7 w-12 items-center rounded-full border-2 px-0.5 transition-colors',
            isOn ? 'border-brand bg-brand' : 'border-edge bg-sunken',
          )}
        >
          <span className={classes('size-5 rounded-full transition-transform', isOn ? 'translate-x-5 bg-on-brand' : 'bg-edge')} />
        </span>
      </button>
    </div>
  );
}

export function Checkbox({
  label,
  isChecked,
  onChange,
  error,
}: {
  label: ReactNode;
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
  error?: string | null;
}) {
  const id = useId();
  const hasError = error !== undefined && error !== null && error !== '';
  return (
    <div>
      <label className="flex min-h-11 cursor-pointer items-start gap-3 py-2">
        <input
          type="checkbox"
          className="mt-0.5 size-5 shrink-0 accent-brand"
          checked={isChecked}
          aria-invalid={hasError || undefined}
          aria-describedby={hasError ? id : undefined}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span className="text-ink">{label}</span>
      </label>
      {hasError && (
        <p id={id} className="text-sm font-medium text-danger">
          {error}
        </p>
      )}
    </div>
  );
}
