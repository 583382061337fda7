import type { Deposit, DepositMaturityResult } from '../../lib/api';
import { newIdempotencyKey } from '../../lib/http';

export type DepositType = Deposit['depositType'];
export type Instruction = Deposit['maturityInstruction'];

/** What a customer has entered; lives in the browser's history entry, so that back, forward and a reload keep it. */
export interface DepositDraft {
  type: DepositType;
  productCode: string;
  /** Account number. */
  from: string;
  /** Identifier of the account it pays into; empty for the one it comes from. */
  payout: string;
  amount: string;
  currency: string;
  /** Days, months or days of notice, as the type says. */
  term: string;
  dayOfMonth: string;
  isAutoDebit: boolean;
  allowsPartial: boolean;
  instruction: Instruction;
}

/** A draft that was reckoned, on its way to being confirmed. The key makes sure that it is opened at most once. */
export interface DepositOrder {
  draft: DepositDraft;
  productName: string;
  rate: string;
  quote: DepositMaturityResult | null;
  idempotencyKey: string;
}

export interface DepositFormState {
  draft?: DepositDraft;
  refusal?: { code: string; field: string };
}

const finished = new Set<string>();

export function newDepositOrder(
  draft: DepositDraft,
  productName: string,
  rate: string,
  quote: DepositMaturityResult | null,
): DepositOrder {
  return { draft, productName, rate, quote, idempotencyKey: newIdempotencyKey() };
}

export function markFinished(order: DepositOrder): void {
  finished.add(order.idempotencyKey);
}

/** Whether stepping back has led to an order that was carried out. */
export function isFinished(order: DepositOrder): boolean {
  return finished.has(order.idempotencyKey);
}
