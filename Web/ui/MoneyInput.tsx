import type { InputHTMLAttributes } from 'react';
import { forwardRef, useLayoutEffect, useRef } from 'react';
import { caretAfterGrouping, completedAmount, exactFromEntry, groupThousands } from './amountEntry';
import { classes } from './classes';
import { controlLook, useFieldLinks } from './Field';

/**
 * An amount that is grouped while it is typed. `value` is the exact decimal text ("1500.50"), never a number;
 * the caret stays behind the digit it stood behind.
 */
export const MoneyInput = forwardRef<
  HTMLInputElement,
  { value: string; currency: string; onChange: (exact: string) => void; isLarge?: boolean } & Omit<
    InputHTMLAttributes<HTMLInputElement>,
    'value' | 'onChange'
  >
>(function MoneyInput({ value, currency, onChange, isLarge = false, className, onBlur, ...rest }, reference) {
  const input = useRef<HTMLInputElement | null>(null);
  const caret = useRef<number | null>(null);
  const shown = groupThousands(value);

  useLayoutEffect(() => {
    if (caret.current !== null && input.current !== null && document.activeElement === input.current) {
      input.current.setSelectionRange(caret.current, caret.current);
    }
    caret.current = null;
  });

  return (
    <div className="relative">
      <span
        aria-hidden="true"
        className={classes(
          'pointer-events-none absolute left-4 top-1/2 -translate-y-1/2 font-semibold text-muted',
          isLarge ? 'text-lg' : 'text-sm',
        )}
      >
        {currency}
      </span>
      <input
        ref={(element) => {
          input.current = element;
          if (typeof reference === 'function') reference(element);
          else if (reference !== null) reference.current = element;
        }}
        type="text"
        inputMode="decimal"
        autoComplete="off"
        enterKeyHint="next"
        placeholder="0.00"
        {...useFieldLinks()}
        className={classes(controlLook, 'tabular-nums', isLarge ? 'min-h-16 pl-18 text-2xl! font-semibold' : 'pl-14', className)}
        value={shown}
        onChange={(event) => {
          const typed = event.target.value;
          const exact = exactFromEntry(typed, currency);
          caret.current = caretAfterGrouping(typed, event.target.selectionStart ?? typed.length, groupThousands(exact));
          onChange(exact);
        }}
        onBlur={(event) => {
          onChange(completedAmount(value, currency));
          onBlur?.(event);
        }}
        {...rest}
      />
    </div>
  );
});
