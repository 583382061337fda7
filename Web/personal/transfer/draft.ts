import type { TransferQuote } from '../../lib/api';
import { newIdempotencyKey } from '../../lib/http';

/** What a customer has entered; lives in the browser's history entry, so that back, forward and a reload keep it. */
export interface Draft {
  kind: 'others' | 'own';
  from: string;
  to: string;
  amount: string;
  currency: string;
  narration: string;
}

/** A draft that the bank has priced, on its way to being confirmed. The key makes sure that it is carried out at most once. */
export interface Order {
  draft: Draft;
  quote: TransferQuote;
  idempotencyKey: string;
}

/** Why the bank refused on confirming, to be shown beside the field to blame. */
export interface Refusal {
  code: string;
  field: string;
}

export interface FormState {
  draft?: Draft;
  refusal?: Refusal;
}

/** Keys of orders that were carried out: stepping back to such a draft begins a new one instead. */
const finished = new Set<string>();

export function newOrder(draft: Draft, quote: TransferQuote): Order {
  return { draft, quote, idempotencyKey: newIdempotencyKey() };
}

export function markFinished(order: Order): void {
  finished.add(order.idempotencyKey);
  finished.add(JSON.stringify(order.draft));
}

export function isFinished(order: Order): boolean {
  return finished.has(order.idempotencyKey);
}

/** Whether exactly this draft has just been sent; typing it anew makes it a new one. */
export function isSentDraft(draft: Draft): boolean {
  return finished.delete(JSON.stringify(draft));
}
