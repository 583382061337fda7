import type { Transaction } from '../../lib/api';
import { useSession } from '../../lib/session';
import type { Tone } from '../../ui/Banner';
import { classes } from '../../ui/classes';
import { Icon, type IconName } from '../../ui/Icon';
import type { PersonalMessages } from '../messages';

/** Whom or what the money came from or went to. The own name says nothing: between own accounts it is what the money is for. */
export function transactionTitle(transaction: Transaction, text: PersonalMessages): string {
  const isOwn = Boolean(transaction.counterpartyName) && transaction.counterpartyName === useSession.getState().user?.fullName;
  if (isOwn) return transaction.narration || text.transactions.betweenOwn;
  return transaction.counterpartyName || text.transactions.types[transaction.type] || transaction.type;
}

/** The second line: what it was for, or else what it was. */
export function transactionDetail(transaction: Transaction, text: PersonalMessages): string {
  const kind = text.transactions.types[transaction.type] ?? transaction.type;
  const detail = transaction.narration || (transaction.counterpartyName ? kind : '');
  return detail === transactionTitle(transaction, text) ? '' : detail;
}

export const statusTones: Record<string, Tone> = {
  completed: 'success',
  pending: 'info',
  heldForReview: 'warning',
  reversed: 'neutral',
  failed: 'danger',
};

const icons: Partial<Record<Transaction['type'], IconName>> = {
  fee: 'receipt-text',
  excise: 'receipt-text',
  withholdingTax: 'receipt-text',
  interest: 'sprout',
  reversal: 'undo-2',
  adjustment: 'undo-2',
};

/** A round picture of what happened; the arrow tells the direction to those who do not see the colour. */
export function TransactionIcon({ transaction }: { transaction: Transaction }) {
  const isCredit = transaction.direction === 'credit';
  return (
    <span
      aria-hidden="true"
      className={classes(
        'flex size-10 shrink-0 items-center justify-center rounded-full',
        isCredit ? 'bg-success-soft text-success' : 'bg-sunken text-muted',
      )}
    >
      <Icon name={icons[transaction.type] ?? (isCredit ? 'arrow-down-left' : 'arrow-up-right')} size={18} />
    </span>
  );
}
