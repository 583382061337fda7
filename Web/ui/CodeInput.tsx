import { forwardRef } from 'react';
import { classes } from './classes';
import { controlLook, useFieldLinks } from './Field';

/**
 * A one-time code. One field, not six: it can be pasted, filled in by the phone and corrected, and a screen reader reads it
 * as what it is. `onComplete` is called with the last digit, so nobody has to press a button.
 */
export const CodeInput = forwardRef<
  HTMLInputElement,
  {
    value: string;
    onChange: (code: string) => void;
    onComplete?: (code: string) => void;
    length?: number;
    isDisabled?: boolean;
    autoFocus?: boolean;
  }
>(function CodeInput({ value, onChange, onComplete, length = 6, isDisabled = false, autoFocus = false }, reference) {
  return (
    <input
      ref={reference}
      type="text"
      inputMode="numeric"
      autoComplete="one-time-code"
      pattern="[0-9]*"
      maxLength={length + 4}
      autoFocus={autoFocus}
      readOnly={isDisabled}
      placeholder={'•'.repeat(length)}
      {...useFieldLinks()}
      className={classes(
        controlLook,
        'min-h-14 text-center font-semibold tabular-nums text-2xl tracking-[0.4em] placeholder:tracking-[0.4em] placeholder:text-edge',
      )}
      value={value}
      onChange={(event) => {
        const code = event.target.value.replace(/\D/g, '').slice(0, length);
        onChange(code);
        if (code.length === length && code !== value) onComplete?.(code);
      }}
    />
  );
});
