import type { InputHTMLAttributes, ReactNode, TextareaHTMLAttributes } from 'react';
import { createContext, forwardRef, useContext, useId, useState } from 'react';
import { classes } from './classes';
import { Icon } from './Icon';
import { useUiTexts } from './texts';

interface FieldLinks {
  id: string;
  describedBy: string | undefined;
  isInvalid: boolean;
}

const FieldContext = createContext<FieldLinks | null>(null);

/** What a control inside a `Field` needs so that label, hint and error belong to it. */
export function useFieldLinks(): { id?: string; 'aria-describedby'?: string; 'aria-invalid'?: true } {
  const links = useContext(FieldContext);
  if (links === null) return {};
  return { id: links.id, 'aria-describedby': links.describedBy, 'aria-invalid': links.isInvalid || undefined };
}

/** Label, control, hint and error of one thing to fill in. The error stands under the field that is to blame. */
export function Field({
  label,
  hint,
  error,
  isOptional = false,
  action,
  children,
}: {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | null;
  isOptional?: boolean;
  /** A small link or button beside the label. */
  action?: ReactNode;
  children: ReactNode;
}) {
  const texts = useUiTexts();
  const id = useId();
  const hasError = error !== undefined && error !== null && error !== '';
  const hintID = hint === undefined || hint === null ? undefined : `${id}-hint`;
  const errorID = hasError ? `${id}-error` : undefined;
  const describedBy = [errorID, hintID].filter(Boolean).join(' ') || undefined;
  return (
    <FieldContext.Provider value={{ id, describedBy, isInvalid: hasError }}>
      <div className="flex flex-col gap-1.5" data-field-invalid={hasError || undefined}>
        <div className="flex items-baseline justify-between gap-3">
          <label htmlFor={id} className="text-sm font-medium text-ink">
            {label}
            {isOptional && <span className="font-normal text-muted"> ({texts.optional})</span>}
          </label>
          {action}
        </div>
        {children}
        {hasError && (
          <p id={errorID} className="flex items-start gap-1.5 text-sm font-medium text-danger">
            <Icon name="circle-alert" size={16} className="mt-0.5 shrink-0" />
            <span>{error}</span>
          </p>
        )}
        {hintID !== undefined && (
          <div id={hintID} className="text-sm text-muted">
            {hint}
          </div>
        )}
      </div>
    </FieldContext.Provider>
  );
}

export const controlLook =
  'w-full min-w-0 rounded-control border bg-surface px-4 py-2.5 text-base text-ink min-h-12 transition-colors ' +
  'border-edge hover:border-ink focus:border-brand focus:outline-2 focus:outline-brand focus:-outline-offset-1 ' +
  'aria-invalid:border-danger disabled:bg-sunken disabled:text-muted disabled:hover:border-edge';

export type TextInputProps = InputHTMLAttributes<HTMLInputElement>;

export const TextInput = forwardRef<HTMLInputElement, TextInputProps>(function TextInput({ className, ...rest }, reference) {
  return <input ref={reference} type="text" {...useFieldLinks()} className={classes(controlLook, className)} {...rest} />;
});

export const TextArea = forwardRef<HTMLTextAreaElement, TextareaHTMLAttributes<HTMLTextAreaElement>>(function TextArea(
  { className, ...rest },
  reference,
) {
  return <textarea ref={reference} rows={3} {...useFieldLinks()} className={classes(controlLook, className)} {...rest} />;
});

/** A password that can be looked at while typing, which prevents more mistakes than it shows to others. */
export const PasswordInput = forwardRef<HTMLInputElement, TextInputProps>(function PasswordInput(
  { className, ...rest },
  reference,
) {
  const texts = useUiTexts();
  const [isShown, setIsShown] = useState(false);
  return (
    <div className="relative">
      <input
        ref={reference}
        type={isShown ? 'text' : 'password'}
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        {...useFieldLinks()}
        className={classes(controlLook, 'pr-13', className)}
        {...rest}
      />
      <button
        type="button"
        aria-label={isShown ? texts.hidePassword : texts.showPassword}
        aria-pressed={isShown}
        onClick={() => setIsShown(!isShown)}
        className="absolute right-0.5 top-1/2 inline-flex size-11 -translate-y-1/2 items-center justify-center rounded-control text-muted hover:text-ink"
      >
        <Icon name={isShown ? 'eye-off' : 'eye'} size={20} />
      </button>
    </div>
  );
});

/** A search box with its magnifier; `label` is read out, not shown. */
export const SearchInput = forwardRef<HTMLInputElement, TextInputProps & { label: string }>(function SearchInput(
  { label, className, ...rest },
  reference,
) {
  return (
    <div className="relative">
      <span className="pointer-events-none absolute left-4 top-1/2 -translate-y-1/2 text-muted">
        <Icon name="search" size={18} />
      </span>
      <input
        ref={reference}
        type="search"
        aria-label={label}
        placeholder={label}
        className={classes(controlLook, 'pl-11', className)}
        {...rest}
      />
    </div>
  );
});
