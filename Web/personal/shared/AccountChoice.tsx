import type { Account } from '../../lib/api';
import { formatAccountNumber, formatMoney } from '../../lib/format';
import { Field } from '../../ui/Field';
import { MoneyText } from '../../ui/MoneyText';
import { RadioCards, Select } from '../../ui/Select';
import { useMessages } from '../messages';
import { accountTitle } from './accounts';

/** One of the own accounts: as cards while there are few, as a list when there are many. */
export function AccountChoice({
  label,
  accounts,
  value,
  onChange,
  error,
  isBalanceHidden = false,
}: {
  label: string;
  accounts: Account[];
  value: string;
  onChange: (accountNumber: string) => void;
  error: string | null;
  isBalanceHidden?: boolean;
}) {
  const text = useMessages();
  if (accounts.length > 3) {
    return (
      <Field label={label} error={error}>
        <Select value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">{text.transfer.chooseAccount}</option>
          {accounts.map((account) => (
            <option key={account.id} value={account.accountNumber}>
              {`${accountTitle(account, text)} · ${formatAccountNumber(account.accountNumber)} · ${formatMoney(account.availableBalance, account.currency)}`}
            </option>
          ))}
        </Select>
      </Field>
    );
  }
  return (
    <RadioCards
      legend={label}
      value={value}
      onChange={onChange}
      error={error}
      options={accounts.map((account) => ({
        value: account.accountNumber,
        title: accountTitle(account, text),
        detail: formatAccountNumber(account.accountNumber),
        ...(isBalanceHidden ? {} : { aside: <MoneyText amount={account.availableBalance} currency={account.currency} /> }),
      }))}
    />
  );
}
