import { formatAmount } from '../lib/format';
import { classes } from './classes';

/** A typographic minus is as wide as a plus, so signed columns align. */
const minus = '\u2212';

/** Large figures for a page's main amount, smaller ones when there are so many that a phone could not show them in one line. */
export function amountSize(amount: string): string {
  return amount.length > 13 ? 'text-2xl sm:text-4xl' : 'text-4xl sm:text-[2.75rem] sm:leading-tight';
}

/**
 * An amount for people: currency in small letters, figures of one width.
 * `direction` shows the sign of a movement: money that came in is green and has a plus; money that went out has a minus.
 */
export function MoneyText({
  amount,
  currency,
  direction,
  isCurrencyHidden = false,
  className,
}: {
  amount: string;
  currency: string;
  direction?: 'credit' | 'debit';
  isCurrencyHidden?: boolean;
  className?: string;
}) {
  const formatted = formatAmount(amount, currency);
  const isNegative = formatted.startsWith(minus);
  const sign = direction === 'credit' ? '+' : direction === 'debit' || isNegative ? minus : '';
  return (
    <span className={classes('whitespace-nowrap tabular-nums', direction === 'credit' && 'text-success', className)}>
      {sign}
      {!isCurrencyHidden && <span className="text-[0.75em] font-medium">{currency}&nbsp;</span>}
      {isNegative ? formatted.slice(1) : formatted}
    </span>
  );
}
