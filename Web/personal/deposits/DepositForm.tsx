import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Account, Product } from '../../lib/api';
import { compareAmounts, formatMoney, nairobiDay } from '../../lib/format';
import { navigate, usePlace } from '../../lib/router';
import { completedAmount } from '../../ui/amountEntry';
import { Button } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { Field, TextInput } from '../../ui/Field';
import { MoneyInput } from '../../ui/MoneyInput';
import { Checkbox, RadioCards, Select } from '../../ui/Select';
import { useMessages } from '../messages';
import { AccountChoice } from '../shared/AccountChoice';
import { accountTitle } from '../shared/accounts';
import { useFocusOnError } from '../shared/useFocusOnError';
import { type DepositDraft, type DepositFormState, type DepositType, type Instruction, newDepositOrder } from './draft';
import { type DepositMessages, useDepositMessages } from './messages';
import { rateFor, termBounds, useMaturity } from './products';
import { Quote } from './Quote';

const usualDays = ['30', '90', '180', '365'];
const usualMonths = ['6', '12', '24', '36'];
/** A pause in typing after which the bank is asked what it comes to. */
const restMilliseconds = 250;

function useRested<Value>(value: Value): Value {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), restMilliseconds);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

function firstDraft(product: Product, accounts: Account[]): DepositDraft {
  const account = accounts[0];
  const { least } = termBounds(product);
  return {
    type: product.type as DepositType,
    productCode: product.productCode,
    from: account?.accountNumber ?? '',
    payout: '',
    amount: '',
    currency: account?.currency ?? 'KES',
    term: product.type === 'callDeposit' ? String(Math.max(7, least)) : product.type === 'recurringDeposit' ? '12' : '90',
    dayOfMonth: String(Number(nairobiDay(new Date()).slice(8, 10))),
    isAutoDebit: true,
    allowsPartial: product.deposit?.allowPartialWithdrawal ?? false,
    instruction: 'payOut',
  };
}

interface Faults {
  amount: string | null;
  term: string | null;
}

function faultsOf(draft: DepositDraft, product: Product, account: Account | undefined, text: DepositMessages): Faults {
  const { least, most } = termBounds(product);
  const [minimum, maximum] = [product.deposit?.minAmount ?? '0', product.deposit?.maxAmount ?? null];
  const amount = completedAmount(draft.amount, draft.currency);
  const money = (value: string) => formatMoney(value, draft.currency);
  const term = /^\d+$/.test(draft.term) ? Number(draft.term) : null;
  return {
    amount: !/[1-9]/.test(draft.amount)
      ? text.amountMissing
      : compareAmounts(amount, minimum, draft.currency) < 0
        ? text.amountTooSmall(money(minimum))
        : maximum !== null && compareAmounts(amount, maximum, draft.currency) > 0
          ? text.amountTooLarge(money(maximum))
          : account !== undefined && compareAmounts(amount, account.availableBalance, draft.currency) > 0
            ? text.notEnough
            : null,
    term:
      term === null
        ? text.termMissing
        : term < least || term > most
          ? text.termRange(least, (product.type === 'recurringDeposit' ? text.months : text.days)(most))
          : null,
  };
}

export function DepositForm({ product, accounts }: { product: Product; accounts: Account[] }) {
  const text = useDepositMessages();
  const shared = useMessages();
  const state = (usePlace().state ?? {}) as DepositFormState;
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState(state.draft ?? firstDraft(product, accounts));
  const [refusal, setRefusal] = useState(state.refusal ?? null);
  const [attempts, setAttempts] = useState(refusal === null ? 0 : 1);
  useFocusOnError(form, attempts);

  const account = accounts.find((one) => one.accountNumber === draft.from);
  const complete = { ...draft, amount: completedAmount(draft.amount, draft.currency) };
  const faults = faultsOf(draft, product, account, text);
  const rate = /[1-9]/.test(draft.amount) ? rateFor(product, complete.amount, draft.currency) : null;
  // What lies outside of the product's bounds is not reckoned; a balance that is too low does not keep anybody from looking.
  const isComplete = (faults.amount === null || faults.amount === text.notEnough) && faults.term === null;
  const rested = useRested(JSON.stringify(complete));
  const isRested = rested === JSON.stringify(complete);
  const quote = useMaturity(JSON.parse(rested) as DepositDraft, rate, isComplete && isRested);
  const last = useRef(quote.data);
  if (quote.data !== undefined) last.current = quote.data;

  const set = (change: Partial<DepositDraft>) => {
    setDraft((before) => ({ ...before, ...change }));
    setRefusal(null);
    setAttempts(0);
  };
  const refused = (...fields: string[]) =>
    refusal !== null && fields.includes(refusal.field)
      ? (text.problems[refusal.code] ?? shared.problems[refusal.code] ?? shared.fields[refusal.code] ?? shared.common.fixFields)
      : null;
  const shown: Faults = {
    amount:
      refused('amount', 'monthlyInstallment') ??
      (attempts > 0 || (faults.amount === text.notEnough && document.activeElement?.getAttribute('name') !== 'amount')
        ? faults.amount
        : null),
    term: refused('termInDays', 'tenureInMonths', 'noticePeriodDays') ?? (attempts > 0 ? faults.term : null),
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAttempts((count) => count + 1);
    if (faults.amount !== null || faults.term !== null || rate === null) return;
    navigate(location.pathname + location.search, { replace: true, state: { draft: complete } });
    const name = text.types[product.type] ?? product.name;
    navigate('/deposits/confirm', { state: newDepositOrder(complete, name, rate, isRested ? (quote.data ?? null) : null) });
  };

  const { least, most } = termBounds(product);
  const money = (value: string) => formatMoney(value, draft.currency);
  const isRecurring = draft.type === 'recurringDeposit';
  const payouts = accounts.filter((one) => one.currency === draft.currency && one.accountNumber !== draft.from);
  return (
    <form
      ref={form}
      onSubmit={submit}
      noValidate
      className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_21rem]"
    >
      <Card className="flex flex-col gap-6">
        <AccountChoice
          label={text.from}
          accounts={accounts}
          value={draft.from}
          onChange={(from) =>
            set({ from, payout: '', currency: accounts.find((one) => one.accountNumber === from)?.currency ?? draft.currency })
          }
          error={refused('fromAccountNumber', 'fromAccountId', 'currency')}
        />
        <Field
          label={isRecurring ? text.installment : text.amount}
          error={shown.amount}
          hint={text.amountRange(
            money(product.deposit?.minAmount ?? '0'),
            product.deposit?.maxAmount ? money(product.deposit.maxAmount) : null,
          )}
        >
          <MoneyInput
            name="amount"
            isLarge
            value={draft.amount}
            currency={draft.currency}
            onChange={(amount) => amount !== draft.amount && set({ amount })}
          />
        </Field>
        <TermField draft={draft} least={least} most={most} error={shown.term} onChange={(term) => set({ term })} />
        {isRecurring && <InstallmentFields draft={draft} onChange={set} error={refused('dayOfMonth')} />}
        {draft.type === 'termDeposit' && product.deposit?.allowPartialWithdrawal && (
          <Checkbox
            label={text.partial}
            isChecked={draft.allowsPartial}
            onChange={(allowsPartial) => set({ allowsPartial })}
            error={refused('allowPartialWithdrawal')}
          />
        )}
        {(draft.type === 'fixedDeposit' || draft.type === 'termDeposit') && (
          <RadioCards<Instruction>
            legend={text.instruction}
            value={draft.instruction}
            onChange={(instruction) => set({ instruction })}
            error={refused('maturityInstruction')}
            options={(['payOut', 'renewPrincipal', 'renewAll'] as const).map((value) => ({
              value,
              title: text.instructions[value],
            }))}
          />
        )}
        {payouts.length > 0 && (
          <Field label={text.payout} error={refused('payoutAccountId')}>
            <Select value={draft.payout} onChange={(event) => set({ payout: event.target.value })}>
              <option value="">{text.payoutSame}</option>
              {payouts.map((one) => (
                <option key={one.id} value={one.id}>
                  {`${accountTitle(one, shared)} · ${one.accountNumber}`}
                </option>
              ))}
            </Select>
          </Field>
        )}
      </Card>
      <div className="flex flex-col gap-6 lg:sticky lg:top-6">
        <Quote
          product={product}
          draft={complete}
          rate={rate}
          figures={isComplete ? (quote.data ?? last.current) : undefined}
          problem={quote.error}
        />
        <Button type="submit" isWide className="min-h-12">
          {shared.common.continue}
        </Button>
      </div>
    </form>
  );
}

/** Usual terms at a touch, any other by typing. */
function TermField({
  draft,
  least,
  most,
  error,
  onChange,
}: {
  draft: DepositDraft;
  least: number;
  most: number;
  error: string | null;
  onChange: (term: string) => void;
}) {
  const text = useDepositMessages();
  const isMonths = draft.type === 'recurringDeposit';
  const isNotice = draft.type === 'callDeposit';
  const name = isNotice ? text.notice : text.term;
  const usual = isNotice ? [] : isMonths ? usualMonths : usualDays;
  const say = isMonths ? text.months : text.days;
  const range = text.termRange(least, say(most));
  return (
    <div className="flex flex-col gap-3">
      <Field
        label={`${name} (${isMonths ? text.termMonths : text.termDays})`}
        error={error}
        hint={isNotice ? `${range}. ${text.noticeHint}` : range}
      >
        <TextInput
          name="term"
          inputMode="numeric"
          autoComplete="off"
          maxLength={4}
          value={draft.term}
          onChange={(event) => onChange(event.target.value.replace(/\D/g, ''))}
        />
      </Field>
      {usual.length > 0 && (
        <div className="flex flex-wrap gap-2">
          {usual
            .filter((term) => Number(term) >= least && Number(term) <= most)
            .map((term) => (
              <Button
                key={term}
                kind="secondary"
                aria-pressed={draft.term === term}
                className={draft.term === term ? 'border-brand! bg-brand-soft! px-4' : 'px-4'}
                onClick={() => onChange(term)}
              >
                {say(Number(term))}
              </Button>
            ))}
        </div>
      )}
    </div>
  );
}

function InstallmentFields({
  draft,
  onChange,
  error,
}: {
  draft: DepositDraft;
  onChange: (change: Partial<DepositDraft>) => void;
  error: string | null;
}) {
  const text = useDepositMessages();
  return (
    <>
      <Field label={text.dayOfMonth} hint={text.dayOfMonthHint} error={error}>
        <Select value={draft.dayOfMonth} onChange={(event) => onChange({ dayOfMonth: event.target.value })}>
          {Array.from({ length: 31 }, (_, index) => (
            <option key={index} value={String(index + 1)}>
              {index + 1}
            </option>
          ))}
        </Select>
      </Field>
      <div>
        <Checkbox label={text.autoDebit} isChecked={draft.isAutoDebit} onChange={(isAutoDebit) => onChange({ isAutoDebit })} />
        <p className="text-sm text-muted">{text.autoDebitDetail}</p>
      </div>
    </>
  );
}
