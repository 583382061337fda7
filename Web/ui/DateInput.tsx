import type { InputHTMLAttributes } from 'react';
import { forwardRef } from 'react';
import { classes } from './classes';
import { controlLook, useFieldLinks } from './Field';

/** A date as `YYYY-MM-DD`; the browser's own picker knows keyboards, phones and screen readers best. */
export const DateInput = forwardRef<
  HTMLInputElement,
  { value: string; onChange: (date: string) => void } & Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange'>
>(function DateInput({ value, onChange, className, ...rest }, reference) {
  return (
    <input
      ref={reference}
      type="date"
      {...useFieldLinks()}
      className={classes(controlLook, 'tabular-nums', className)}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      {...rest}
    />
  );
});
