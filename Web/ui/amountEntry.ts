// Amounts as people type them. Everything stays text: no figure ever passes through a floating-point number.

import { currencyDecimals } from '../lib/format';

/** `1234567.5` → `1,234,567.5`, complete or not. */
export function groupThousands(exact: string): string {
  const [whole = '', ...rest] = exact.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return rest.length === 0 ? grouped : `${grouped}.${rest.join('')}`;
}

/** What is typed or pasted so far → digits with at most one point; surplus decimals, leading zeros and everything else drop out. */
export function exactFromEntry(text: string, currency: string): string {
  const decimals = currencyDecimals(currency);
  const kept = text.replace(/[^\d.]/g, '');
  const point = kept.indexOf('.');
  const whole = (point < 0 ? kept : kept.slice(0, point)).replace(/^0+(?=\d)/, '').slice(0, 13);
  if (point < 0 || decimals === 0) return whole;
  const fraction = kept
    .slice(point + 1)
    .replace(/\./g, '')
    .slice(0, decimals);
  return `${whole === '' ? '0' : whole}.${fraction}`;
}

/** `1500` → `1500.00`; nothing stays nothing. */
export function completedAmount(exact: string, currency: string): string {
  if (exact === '') return '';
  const decimals = currencyDecimals(currency);
  const [whole = '', fraction = ''] = exact.split('.');
  return decimals === 0 ? whole : `${whole === '' ? '0' : whole}.${fraction.padEnd(decimals, '0')}`;
}

/** Where the caret belongs after regrouping: behind as many digits and points as it was before. */
export function caretAfterGrouping(before: string, caret: number, after: string): number {
  const wanted = before.slice(0, caret).replace(/[^\d.]/g, '').length;
  let seen = 0;
  for (let index = 0; index < after.length; index += 1) {
    if (seen === wanted) return index;
    if (/[\d.]/.test(after[index] ?? '')) seen += 1;
  }
  return after.length;
}
