import { type FormEvent, useRef, useState } from 'react';
import { type Account, call } from '../../lib/api';
import { compareAmounts, formatMoney } from '../../lib/format';
import type { ProblemError } from '../../lib/http';
import { useQuery } from '../../lib/query';
import { navigate, usePlace, useSearch } from '../../lib/router';
import { completedAmount, exactFromEntry } from '../../ui/amountEntry';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { EmptyState } from '../../ui/EmptyState';
import { Field, TextInput } from '../../ui/Field';
import { MoneyInput } from '../../ui/MoneyInput';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { Stepper } from '../../ui/Stepper';
import { Tabs } from '../../ui/Tabs';
import { useMessages } from '../messages';
import { AccountChoice } from '../shared/AccountChoice';
import { canPay, inOrderOfUse } from '../shared/accounts';
import { LoadFailure } from '../shared/LoadFailure';
import { useProblems } from '../shared/problems';
import { useFocusOnError } from '../shared/useFocusOnError';
import { type Draft, type FormState, isSentDraft, newOrder, type Refusal } from './draft';
import { RecipientField, useLookup } from './RecipientField';

export default function TransferPage() {
  const text = useMessages();
  const { data, error, refetch } = useQuery('GET /customer-portal/accounts', { query: { limit: 200 } });
  const { key } = usePlace();
  const payers = inOrderOfUse(data?.items.filter(canPay) ?? []);
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title={text.transfer.title} />
      <div className="mb-6">
        <Stepper steps={[text.transfer.steps.details, text.transfer.steps.confirm, text.transfer.steps.receipt]} current={0} />
      </div>
      {data !== undefined ? (
        payers.length === 0 ? (
          <Card>
            <EmptyState icon="landmark" title={text.overview.noAccounts}>
              {text.overview.noAccountsDetail}
            </EmptyState>
          </Card>
        ) : (
          <TransferForm key={key} accounts={payers} />
        )
      ) : error !== null ? (
        <LoadFailure problem={error} onRetry={refetch} />
      ) : (
        <Waiting>
          <Skeleton className="h-128 rounded-card" />
        </Waiting>
      )}
    </div>
  );
}

/** What the form begins with: what was entered before, else what the address says, else the first account. */
function useFirstDraft(accounts: Account[]): { draft: Draft; refusal: Refusal | null } {
  const state = (usePlace().state ?? {}) as FormState;
  const search = useSearch();
  const [first] = useState(() => {
    if (state.draft && !isSentDraft(state.draft)) return { draft: state.draft, refusal: state.refusal ?? null };
    const wanted = accounts.find((one) => one.accountNumber === search.get('from')) ?? accounts[0];
    const draft: Draft = {
      kind: search.get('kind') === 'own' ? 'own' : 'others',
      from: wanted?.accountNumber ?? '',
      to: (search.get('to') ?? '').replace(/\D/g, '').slice(0, 13),
      amount: exactFromEntry(search.get('amount') ?? '', wanted?.currency ?? 'KES'),
      currency: wanted?.currency ?? 'KES',
      narration: (search.get('narration') ?? '').slice(0, 140),
    };
    return { draft, refusal: null };
  });
  return first;
}

interface Faults {
  from: string | null;
  to: string | null;
  amount: string | null;
}

function TransferForm({ accounts }: { accounts: Account[] }) {
  const text = useMessages();
  const problems = useProblems();
  const form = useRef<HTMLFormElement>(null);
  const first = useFirstDraft(accounts);
  const [draft, setDraft] = useState(first.draft);
  const [refusal, setRefusal] = useState(first.refusal);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const [attempts, setAttempts] = useState(first.refusal === null ? 0 : 1);
  const [isBusy, setIsBusy] = useState(false);
  const beneficiaries = useQuery('GET /customer-portal/beneficiaries', { query: { limit: 200 } });
  const lookup = useLookup(draft.kind === 'others' ? draft.to : '');
  useFocusOnError(form, attempts);

  const from = accounts.find((one) => one.accountNumber === draft.from);
  const ownTargets = accounts.filter((one) => one.accountNumber !== draft.from && one.currency === draft.currency);
  const set = (change: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...change }));
    setProblem(null);
    setRefusal(null);
    setAttempts(0);
  };
  const chooseFrom = (number: string) => {
    const account = accounts.find((one) => one.accountNumber === number);
    set({ from: number, currency: account?.currency ?? draft.currency, ...(draft.to === number ? { to: '' } : {}) });
  };

  const isTooMuch =
    from !== undefined &&
    draft.amount !== '' &&
    compareAmounts(completedAmount(draft.amount, draft.currency), from.availableBalance, draft.currency) > 0;
  const otherCurrency = lookup.recipient !== undefined && lookup.recipient.currency !== draft.currency;
  const local: Faults = {
    from: draft.from === '' ? text.transfer.fromMissing : null,
    to:
      draft.to === ''
        ? draft.kind === 'own'
          ? text.transfer.toMissing
          : text.transfer.accountNumberMissing
        : draft.kind === 'others' && draft.to.length < 13
          ? text.transfer.accountNumberIncomplete(13 - draft.to.length)
          : null,
    amount: !/[1-9]/.test(draft.amount) ? text.transfer.amountMissing : isTooMuch ? text.transfer.amountTooLarge : null,
  };
  const refused = (...fields: string[]) =>
    problems.field(problem, ...fields) ??
    (refusal !== null && fields.includes(refusal.field)
      ? (text.problems[refusal.code] ?? text.fields[refusal.code] ?? null)
      : null);
  const isTried = attempts > 0;
  const faults: Faults = {
    from: refused('from', 'fromAccountNumber', 'fromAccountId') ?? (isTried ? local.from : null),
    to:
      (lookup.recipient !== undefined && otherCurrency
        ? text.transfer.recipientOtherCurrency(lookup.recipient.currency, draft.currency)
        : null) ??
      (lookup.recipient?.acceptsCredits === false ? text.transfer.recipientClosed : null) ??
      refused('to', 'toAccountNumber') ??
      (isTried ? local.to : null),
    amount:
      refused('amount', 'currency') ??
      (isTried || (isTooMuch && document.activeElement?.getAttribute('name') !== 'amount') ? local.amount : null),
  };
  const general = problem !== null && !Object.keys(problem.fieldErrors).length ? generalField(problem) : null;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    setRefusal(null);
    setAttempts((count) => count + 1);
    const hasFault =
      local.from !== null ||
      local.to !== null ||
      local.amount !== null ||
      otherCurrency ||
      lookup.error !== null ||
      lookup.recipient?.acceptsCredits === false;
    if (isBusy || hasFault) return;
    const complete = { ...draft, amount: completedAmount(draft.amount, draft.currency), narration: draft.narration.trim() };
    setIsBusy(true);
    try {
      const quote = await call('GET /customer-portal/transactions/transfer-quote', {
        query: { from: complete.from, to: complete.to, amount: complete.amount, currency: complete.currency },
      });
      // The entry left behind keeps what was entered, for the way back.
      navigate(location.pathname + location.search, { replace: true, state: { draft: complete } });
      navigate('/transfer/confirm', { state: newOrder(complete, quote) });
    } catch (error) {
      setProblem(error as ProblemError);
      setAttempts((count) => count + 1);
      setIsBusy(false);
    }
  };

  return (
    <form ref={form} onSubmit={(event) => void submit(event)} noValidate>
      <Card className="flex flex-col gap-6">
        {problem !== null && general === null && !hasFieldOf(problem) && <Banner tone="danger">{problems.of(problem)}</Banner>}
        <Tabs
          label={text.transfer.kind}
          chosen={draft.kind}
          onChoose={(kind) => set({ kind, to: '' })}
          tabs={[
            { name: 'others', label: text.transfer.toOthers },
            { name: 'own', label: text.transfer.toOwn },
          ]}
        >
          <div className="flex flex-col gap-6">
            <AccountChoice
              label={text.transfer.from}
              accounts={accounts}
              value={draft.from}
              onChange={chooseFrom}
              error={faults.from ?? (general === 'from' && problem ? problems.of(problem) : null)}
            />
            {draft.kind === 'own' ? (
              ownTargets.length === 0 ? (
                <Banner tone="info">{text.transfer.needTwo}</Banner>
              ) : (
                <AccountChoice
                  label={text.transfer.to}
                  accounts={ownTargets}
                  value={draft.to}
                  onChange={(to) => set({ to })}
                  error={faults.to}
                  isBalanceHidden
                />
              )
            ) : (
              <RecipientField
                number={draft.to}
                onChange={(to) => set({ to })}
                lookup={lookup}
                error={faults.to ?? (general === 'to' && problem ? problems.of(problem) : null)}
                beneficiaries={(beneficiaries.data?.items ?? []).filter((one) => one.kind === 'internal' && one.accountNumber)}
              />
            )}
          </div>
        </Tabs>
        <Field
          label={text.transfer.amount}
          error={faults.amount ?? (general === 'amount' && problem ? problems.of(problem) : null)}
          hint={from !== undefined && text.transfer.availableIn(formatMoney(from.availableBalance, from.currency))}
        >
          <MoneyInput
            name="amount"
            isLarge
            value={draft.amount}
            currency={draft.currency}
            onChange={(amount) => amount !== draft.amount && set({ amount })}
          />
        </Field>
        <Field
          label={text.transfer.narration}
          isOptional
          hint={draft.kind === 'others' ? text.transfer.narrationHint : undefined}
          error={refused('narration')}
        >
          <TextInput
            name="narration"
            maxLength={140}
            autoComplete="off"
            value={draft.narration}
            onChange={(event) => set({ narration: event.target.value })}
          />
        </Field>
        <Button type="submit" isWide isBusy={isBusy} className="min-h-12">
          {text.common.continue}
        </Button>
      </Card>
    </form>
  );
}

/** Refusals whose code alone tells which field is to blame. */
const fieldOfCode: Record<string, 'from' | 'to' | 'amount'> = {
  account_not_found: 'from',
  destination_not_found: 'to',
  same_account: 'to',
  limit_exceeded: 'amount',
  insufficient_funds: 'amount',
};

function generalField(problem: ProblemError): 'from' | 'to' | 'amount' | null {
  return fieldOfCode[problem.code] ?? null;
}

function hasFieldOf(problem: ProblemError): boolean {
  return ['from', 'fromAccountNumber', 'fromAccountId', 'to', 'toAccountNumber', 'amount', 'currency', 'narration'].some(
    (field) => problem.fieldErrors[field],
  );
}

/** Which field the form should mark for a refusal of the order itself. */
export function blamedField(problem: ProblemError): string | null {
  const named = Object.keys(problem.fieldErrors)[0];
  return named ?? generalField(problem);
}
