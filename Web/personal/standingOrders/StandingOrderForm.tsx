import { type FormEvent, useRef, useState } from 'react';
import type { Account, StandingOrder } from '../../lib/api';
import { formatMoney, nairobiDay } from '../../lib/format';
import { invalidate, useMutation, useQuery } from '../../lib/query';
import { navigate } from '../../lib/router';
import { completedAmount } from '../../ui/amountEntry';
import { Banner } from '../../ui/Banner';
import { Button, LinkButton } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { DateInput } from '../../ui/DateInput';
import { Field, TextInput } from '../../ui/Field';
import { MoneyInput } from '../../ui/MoneyInput';
import { Select } from '../../ui/Select';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { AccountChoice } from '../shared/AccountChoice';
import { useProblems } from '../shared/problems';
import { StepUpDialog } from '../shared/StepUpDialog';
import { useFocusOnError } from '../shared/useFocusOnError';
import { RecipientField, useLookup } from '../transfer/RecipientField';

const frequencies = ['weekly', 'monthly', 'quarterly', 'yearly'] as const;
type Frequency = (typeof frequencies)[number];

interface Prefill {
  from: string;
  to: string;
  amount: string;
  narration: string;
}

/** Enters a new standing order, or changes one. Where it goes and how often decide what it is: these stay as they were set up. */
export function StandingOrderForm({
  accounts,
  order,
  prefill,
}: {
  accounts: Account[];
  order: StandingOrder | null;
  prefill: Prefill;
}) {
  const text = useMessages();
  const problems = useProblems();
  const form = useRef<HTMLFormElement>(null);
  const today = nairobiDay(new Date());
  const [from, setFrom] = useState(
    accounts.some((one) => one.accountNumber === prefill.from) ? prefill.from : (accounts[0]?.accountNumber ?? ''),
  );
  const [to, setTo] = useState(prefill.to);
  const [amount, setAmount] = useState(prefill.amount);
  const [narration, setNarration] = useState(prefill.narration);
  const [frequency, setFrequency] = useState<Frequency>((order?.frequency as Frequency | undefined) ?? 'monthly');
  const [startDate, setStartDate] = useState(order?.startDate ?? '');
  const [endDate, setEndDate] = useState(order?.endDate ?? '');
  const [attempts, setAttempts] = useState(0);
  const [isDismissed, setDismissed] = useState(false);
  const beneficiaries = useQuery('GET /customer-portal/beneficiaries', { query: { limit: 200 } });
  const create = useMutation('POST /payments/standing-orders');
  const change = useMutation('PUT /payments/standing-orders/{standingOrderId}');
  const running = order === null ? create : change;
  const lookup = useLookup(to);
  useFocusOnError(form, `${attempts} ${running.error?.code ?? ''}`);

  const account = accounts.find((one) => one.accountNumber === from);
  const currency = order?.currency ?? account?.currency ?? 'KES';
  const isTried = attempts > 0;
  const local = {
    to:
      to === ''
        ? text.transfer.accountNumberMissing
        : to.length < 13
          ? text.transfer.accountNumberIncomplete(13 - to.length)
          : to === from
            ? text.transfer.sameAccount
            : null,
    amount: !/[1-9]/.test(amount) ? text.transfer.amountMissing : null,
    startDate: startDate === '' ? text.standingOrders.startMissing : null,
  };
  const failure = problems.unlessShown(
    running.error,
    'fromAccountId',
    'fromAccountNumber',
    'toAccountNumber',
    'amount',
    'frequency',
    'startDate',
    'endDate',
    'narration',
  );

  const save = async (stepUpToken?: string) => {
    setDismissed(false);
    const shared = {
      amount: completedAmount(amount, currency),
      currency,
      frequency,
      startDate,
      ...(frequency === 'weekly' ? {} : { dayOfMonth: Number(startDate.slice(8, 10)) }),
      ...(endDate === '' ? {} : { endDate }),
      ...(narration.trim() === '' ? {} : { narration: narration.trim() }),
    };
    const target = {
      kind: 'internal' as const,
      fromAccountId: account?.id ?? order?.fromAccountId ?? '',
      toAccountNumber: to,
      ...(lookup.recipient ? { beneficiaryName: lookup.recipient.displayName } : {}),
    };
    const reply =
      order === null
        ? await create.run({ body: { ...target, ...shared } }, { stepUpToken })
        : await change.run(
            {
              path: { standingOrderId: order.standingOrderId },
              body: { ...target, ...shared, isPaused: order.status === 'paused', version: order.version },
            },
            { stepUpToken },
          );
    if (reply === undefined) return;
    invalidate('/payments/standing-orders');
    showToast(order === null ? text.standingOrders.created : text.standingOrders.changed);
    navigate('/standing-orders', { replace: true });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAttempts((count) => count + 1);
    if (local.to === null && local.amount === null && local.startDate === null && lookup.error === null && !running.isRunning)
      void save();
  };

  return (
    <form ref={form} onSubmit={submit} noValidate>
      <Card className="flex flex-col gap-6">
        {failure !== null && <Banner tone="danger">{failure}</Banner>}
        <AccountChoice
          label={text.transfer.from}
          accounts={accounts}
          value={from}
          onChange={setFrom}
          error={problems.field(running.error, 'fromAccountId', 'fromAccountNumber')}
        />
        <RecipientField
          number={to}
          onChange={setTo}
          lookup={lookup}
          error={(isTried ? local.to : null) ?? problems.field(running.error, 'toAccountNumber')}
          beneficiaries={(beneficiaries.data?.items ?? []).filter((one) => one.kind === 'internal' && one.accountNumber)}
        />
        <Field
          label={text.transfer.amount}
          hint={account !== undefined && text.transfer.availableIn(formatMoney(account.availableBalance, account.currency))}
          error={(isTried ? local.amount : null) ?? problems.field(running.error, 'amount', 'currency')}
        >
          <MoneyInput name="amount" isLarge value={amount} currency={currency} onChange={setAmount} />
        </Field>
        <div className="grid gap-6 sm:grid-cols-2">
          <Field label={text.standingOrders.frequency} error={problems.field(running.error, 'frequency')}>
            <Select value={frequency} onChange={(event) => setFrequency(event.target.value as Frequency)}>
              {frequencies.map((one) => (
                <option key={one} value={one}>
                  {text.standingOrders.every[one]}
                </option>
              ))}
            </Select>
          </Field>
          <Field
            label={order === null ? text.standingOrders.startDate : text.standingOrders.nextRun}
            hint={Number(startDate.slice(8, 10)) >= 29 && frequency !== 'weekly' ? text.standingOrders.dayOfMonthHint : undefined}
            error={(isTried ? local.startDate : null) ?? problems.field(running.error, 'startDate', 'dayOfMonth')}
          >
            <DateInput value={startDate} min={order === null ? today : undefined} onChange={setStartDate} />
          </Field>
          <Field
            label={text.standingOrders.endDate}
            isOptional
            hint={text.standingOrders.endDateHint}
            error={problems.field(running.error, 'endDate')}
          >
            <DateInput value={endDate} min={startDate || today} onChange={setEndDate} />
          </Field>
          <Field label={text.transfer.narration} isOptional error={problems.field(running.error, 'narration')}>
            <TextInput
              name="narration"
              maxLength={140}
              autoComplete="off"
              value={narration}
              onChange={(event) => setNarration(event.target.value)}
            />
          </Field>
        </div>
        <div className="flex flex-col-reverse gap-3 sm:flex-row sm:justify-end">
          <LinkButton to="/standing-orders" kind="secondary">
            {text.common.cancel}
          </LinkButton>
          <Button type="submit" isBusy={running.isRunning}>
            {order === null ? text.standingOrders.create : text.common.save}
          </Button>
        </div>
      </Card>
      <StepUpDialog
        problem={isDismissed ? null : running.error}
        isRepeating={running.isRunning}
        onCancel={() => setDismissed(true)}
        onToken={(token) => void save(token)}
      />
    </form>
  );
}
