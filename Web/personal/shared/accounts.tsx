import type { Account } from '../../lib/api';
import { formatAccountNumber } from '../../lib/format';
import type { PersonalMessages } from '../messages';

/** What the customer calls the account: the own name for it, else what kind it is. */
export function accountTitle(account: Pick<Account, 'alias' | 'accountType' | 'productName'>, text: PersonalMessages): string {
  return account.alias || text.accounts.types[account.accountType] || account.productName;
}

/** The account's number as it is read aloud. */
export function AccountNumber({ number }: { number: string }) {
  return <span className="whitespace-nowrap tabular-nums">{formatAccountNumber(number)}</span>;
}

/** The account of a deposit follows its contract: nobody pays out of it or into it. */
export function isDeposit(account: Account): boolean {
  return account.accountType !== 'current' && account.accountType !== 'savings';
}

/** Accounts that money may go out of. */
export function canPay(account: Account): boolean {
  return account.status === 'active' && account.freezeScope === 'none' && !isDeposit(account);
}

/** Accounts for daily use before savings; otherwise in the order in which the bank tells them. */
export function inOrderOfUse(accounts: readonly Account[]): Account[] {
  const rank = (account: Account) =>
    account.status === 'closed' ? 3 : isDeposit(account) ? 2 : account.accountType === 'current' ? 0 : 1;
  return [...accounts].sort((left, right) => rank(left) - rank(right));
}
