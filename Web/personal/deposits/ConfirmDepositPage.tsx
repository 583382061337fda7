import { useCallback, useEffect, useRef, useState } from 'react';
import type { Account, Deposit } from '../../lib/api';
import { decimalAmount, minorUnits } from '../../lib/format';
import type { ProblemError } from '../../lib/http';
import { invalidate, useMutation, useQuery } from '../../lib/query';
import { goBack, href, navigate, usePlace } from '../../lib/router';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { Details } from '../../ui/Details';
import { MoneyText } from '../../ui/MoneyText';
import { PageHeader } from '../../ui/PageHeader';
import { Stepper } from '../../ui/Stepper';
import { useMessages } from '../messages';
import { AccountNumber, accountTitle } from '../shared/accounts';
import { useProblems } from '../shared/problems';
import { StepUpDialog } from '../shared/StepUpDialog';
import { type DepositDraft, type DepositFormState, type DepositOrder, isFinished, markFinished } from './draft';
import { useDepositMessages } from './messages';
import { shortRate } from './products';

/** The deposit as it will be opened, and the one button that does it. */
export default function ConfirmDepositPage() {
  const order = usePlace().state as DepositOrder | null;
  const isLost = !order?.idempotencyKey || isFinished(order);
  useEffect(() => {
    if (isLost) navigate('/deposits/new', { replace: true });
  }, [isLost]);
  return isLost ? null : <Confirm order={order} />;
}

interface Opening {
  open: (options: { idempotencyKey: string; stepUpToken?: string | undefined }) => Promise<Deposit | undefined>;
  error: ProblemError | null;
  isRunning: boolean;
}

/** One order, whichever of the four kinds it is of. */
function useOpening(draft: DepositDraft): Opening {
  const fixed = useMutation('POST /deposits/fixed-deposits');
  const recurring = useMutation('POST /deposits/recurring-deposits');
  const term = useMutation('POST /deposits/term-deposits');
  const call = useMutation('POST /deposits/call-deposits');
  const shared = {
    fromAccountNumber: draft.from,
    productCode: draft.productCode,
    currency: draft.currency,
    ...(draft.payout === '' ? {} : { payoutAccountId: draft.payout }),
  };
  const timed = { ...shared, amount: draft.amount, termInDays: Number(draft.term), maturityInstruction: draft.instruction };
  switch (draft.type) {
    case 'fixedDeposit':
      return { ...fixed, open: (options) => fixed.run({ body: timed }, options) };
    case 'termDeposit':
      return {
        ...term,
        open: (options) => term.run({ body: { ...timed, allowPartialWithdrawal: draft.allowsPartial } }, options),
      };
    case 'recurringDeposit': {
      const body = {
        ...shared,
        monthlyInstallment: draft.amount,
        tenureInMonths: Number(draft.term),
        autoDebit: draft.isAutoDebit,
        dayOfMonth: Number(draft.dayOfMonth),
      };
      return { ...recurring, open: (options) => recurring.run({ body }, options) };
    }
    default:
      return {
        ...call,
        open: (options) => call.run({ body: { ...shared, amount: draft.amount, noticePeriodDays: Number(draft.term) } }, options),
      };
  }
}

/** Refusals whose code alone tells which field is to blame. */
const fieldOfCode: Record<string, string> = {
  insufficient_funds: 'amount',
  limit_exceeded: 'amount',
  amount_out_of_range: 'amount',
  term_out_of_range: 'termInDays',
};

function Confirm({ order }: { order: DepositOrder }) {
  const text = useDepositMessages();
  const problems = useProblems();
  const { draft, quote } = order;
  const accounts = useQuery('GET /customer-portal/accounts', { query: { limit: 200 } });
  const opening = useOpening(draft);
  const stepUpToken = useRef<string | undefined>(undefined);
  const [isDismissed, setDismissed] = useState(false);
  const { open, error, isRunning } = opening;
  const isUncertain = error?.isUncertain === true;

  const send = useCallback(async () => {
    setDismissed(false);
    const deposit = await open({ idempotencyKey: order.idempotencyKey, stepUpToken: stepUpToken.current });
    if (deposit === undefined) return;
    markFinished(order);
    invalidate('/customer-portal/');
    invalidate('/deposits');
    navigate(href('/deposits/:depositId', { depositId: deposit.depositId }), { replace: true, state: { isJustOpened: true } });
  }, [open, order]);

  useEffect(() => {
    if (error === null || error.isUncertain || error.code === 'step_up_required') return;
    const field = Object.keys(error.fieldErrors)[0] ?? fieldOfCode[error.code];
    if (field === undefined) return;
    // Beside the field to blame, with everything still in the form.
    const state: DepositFormState = { draft, refusal: { code: error.fieldErrors[field]?.code ?? error.code, field } };
    navigate(`/deposits/new?product=${encodeURIComponent(draft.productCode)}`, { replace: true, state });
  }, [error, draft]);

  const own = accounts.data?.items.find((one) => one.accountNumber === draft.from);
  const payout = accounts.data?.items.find((one) => one.id === draft.payout) ?? own;
  const left = own && (minorUnits(own.availableBalance, own.currency) ?? 0n) - (minorUnits(draft.amount, own.currency) ?? 0n);
  const money = (amount: string) => <MoneyText amount={amount} currency={draft.currency} />;
  const failure =
    error === null || isUncertain || error.code === 'step_up_required' ? null : (text.problems[error.code] ?? problems.of(error));
  const isTimed = draft.type === 'fixedDeposit' || draft.type === 'termDeposit';
  const isRecurring = draft.type === 'recurringDeposit';
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title={text.confirmTitle} lead={text.confirmLead} />
      <div className="mb-6">
        <Stepper steps={[text.steps.details, text.steps.confirm, text.steps.receipt]} current={1} />
      </div>
      <Card>
        {isUncertain && (
          <div className="mb-5">
            <Banner tone="warning" title={isRunning ? text.checking : text.uncertain}>
              {text.uncertainDetail}
            </Banner>
          </div>
        )}
        {failure !== null && (
          <div className="mb-5">
            <Banner tone="danger">{failure}</Banner>
          </div>
        )}
        <p className="text-center text-sm text-muted">{isRecurring ? text.installment : order.productName}</p>
        <p className="mt-1 text-center text-4xl font-semibold tracking-tight">{money(draft.amount)}</p>
        <Details
          className="mt-5"
          items={[
            { label: text.product, value: order.productName },
            { label: text.rate, value: text.ratePerYear(shortRate(order.rate)) },
            {
              label: draft.type === 'callDeposit' ? text.notice : text.term2,
              value: isRecurring ? text.months(Number(draft.term)) : text.days(Number(draft.term)),
            },
            { label: text.from, value: own === undefined ? <AccountNumber number={draft.from} /> : <Named account={own} /> },
            payout === undefined || payout === own ? null : { label: text.payout, value: <Named account={payout} /> },
            isTimed ? { label: text.instruction, value: text.instructions[draft.instruction] } : null,
            isRecurring ? { label: text.dayOfMonth, value: draft.dayOfMonth } : null,
            quote !== null && draft.type !== 'callDeposit' ? { label: text.interest, value: money(quote.interestAmount) } : null,
            quote !== null && draft.type !== 'callDeposit'
              ? { label: text.tax, value: <>−{money(quote.withholdingTax)}</> }
              : null,
            quote !== null && draft.type !== 'callDeposit'
              ? { label: text.maturityAmount, value: money(quote.maturityAmount), isStrong: true }
              : null,
            own === undefined || left === undefined
              ? null
              : { label: text.balanceAfter, value: money(decimalAmount(left, own.currency)) },
          ]}
        />
        <div className="mt-6 flex flex-col-reverse gap-3 sm:flex-row">
          {!isUncertain && (
            <Button
              kind="secondary"
              className="min-h-12"
              onClick={() => goBack(`/deposits/new?product=${encodeURIComponent(draft.productCode)}`)}
              disabled={isRunning}
            >
              {text.change}
            </Button>
          )}
          <Button className="min-h-12 flex-1" isBusy={isRunning} onClick={() => void send()}>
            {isUncertain ? text.askAgain : text.confirm}
          </Button>
        </div>
      </Card>
      <StepUpDialog
        problem={isDismissed ? null : error}
        isRepeating={isRunning}
        onCancel={() => setDismissed(true)}
        onToken={(token) => {
          stepUpToken.current = token;
          void send();
        }}
      />
    </div>
  );
}

function Named({ account }: { account: Account }) {
  const text = useMessages();
  return (
    <>
      <span className="block">{accountTitle(account, text)}</span>
      <span className="block text-sm font-normal text-muted">
        <AccountNumber number={account.accountNumber} />
      </span>
    </>
  );
}
