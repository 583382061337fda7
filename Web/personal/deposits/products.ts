import type { DepositMaturityResult, Product } from '../../lib/api';
import { compareAmounts } from '../../lib/format';
import { type QueryResult, useQuery } from '../../lib/query';
import type { DepositDraft, DepositType } from './draft';

export const depositTypes: readonly DepositType[] = ['fixedDeposit', 'recurringDeposit', 'termDeposit', 'callDeposit'];

/** Deposits on offer, in the order in which most people want them. */
export function depositProducts(products: readonly Product[]): Product[] {
  return depositTypes.flatMap((type) => products.filter((one) => one.type === type && one.deposit !== undefined));
}

export interface Tier {
  fromAmount: string;
  rate: string;
}

/** The product's rates by amount; one without tiers has one for all amounts. */
export function tiersOf(product: Product): Tier[] {
  const { interest } = product;
  if (interest === undefined) return [];
  if (interest.tiers.length > 0) return interest.tiers;
  return interest.rate ? [{ fromAmount: '0', rate: interest.rate }] : [];
}

/** The rate for an amount, as the tier in which it falls has it. */
export function rateFor(product: Product, amount: string, currency: string): string | null {
  let found: string | null = null;
  for (const tier of tiersOf(product)) {
    if (found === null || compareAmounts(amount, tier.fromAmount, currency) >= 0) found = tier.rate;
  }
  return found;
}

/** `11`, `10.5`: without the zeros that say nothing. */
export function shortRate(rate: string): string {
  return rate.includes('.') ? rate.replace(/\.?0+$/, '') : rate;
}

export function greatestRate(product: Product): string | null {
  const rates = tiersOf(product).map((tier) => tier.rate);
  return rates.sort((left, right) => compareAmounts(left, right, 'KWD'))[rates.length - 1] ?? null;
}

/** Bounds of what is entered as the term: days, months or days of notice. */
export function termBounds(product: Product): { least: number; most: number } {
  const terms = product.deposit;
  if (product.type === 'recurringDeposit') return { least: terms?.minTermMonths ?? 3, most: terms?.maxTermMonths ?? 120 };
  if (product.type === 'callDeposit') return { least: terms?.minNoticeDays ?? 0, most: terms?.maxNoticeDays ?? 365 };
  return { least: terms?.minTermDays ?? 7, most: terms?.maxTermDays ?? 3650 };
}

/** A call deposit has no end: what it earns is shown for so many days. */
export const exampleDays = 30;

/** The bank's own calculator for what is entered; nothing is asked while it is incomplete. */
export function useMaturity(draft: DepositDraft, rate: string | null, isComplete: boolean): QueryResult<DepositMaturityResult> {
  const isRecurring = draft.type === 'recurringDeposit';
  const days = draft.type === 'callDeposit' ? exampleDays : Number(draft.term);
  const shared = { rate: rate ?? '', currency: draft.currency };
  const fixed = useQuery(
    'GET /deposits/fixed-deposits/calculate-maturity',
    isComplete && rate !== null && !isRecurring ? { query: { ...shared, principal: draft.amount, days } } : null,
  );
  const recurring = useQuery(
    'GET /deposits/recurring-deposits/calculate-maturity',
    isComplete && rate !== null && isRecurring
      ? { query: { ...shared, monthlyInstallment: draft.amount, months: Number(draft.term) } }
      : null,
  );
  return isRecurring ? recurring : fixed;
}
