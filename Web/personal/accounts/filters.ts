import type { Input } from '../../lib/api';

export interface Filters {
  q: string;
  direction: string;
  type: string;
  from: string;
  to: string;
  minAmount: string;
  maxAmount: string;
}

export const noFilters: Filters = { q: '', direction: '', type: '', from: '', to: '', minAmount: '', maxAmount: '' };

/** Filters live in the address: a reload keeps them, and "back" from a transaction finds them again. */
export function filtersOf(search: URLSearchParams): Filters {
  const filters = { ...noFilters };
  for (const name of Object.keys(noFilters) as (keyof Filters)[]) filters[name] = search.get(name) ?? '';
  return filters;
}

/** Filters besides the search, which is always in sight. */
export function activeCount(filters: Filters): number {
  return Object.entries(filters).filter(([name, value]) => name !== 'q' && value !== '').length;
}

type Query = NonNullable<Input<'GET /customer-portal/accounts/{account}/transactions'>['query']>;

export function queryOf(filters: Filters): Query {
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(filters)) if (value !== '') query[name] = value;
  return query as Query;
}

export const filterTypes = [
  'transfer',
  'deposit',
  'withdrawal',
  'fee',
  'excise',
  'interest',
  'withholdingTax',
  'reversal',
  'adjustment',
] as const;
