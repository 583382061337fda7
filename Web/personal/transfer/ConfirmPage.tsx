import { useCallback, useEffect, useRef, useState } from 'react';
import { formatMoney } from '../../lib/format';
import type { ProblemError } from '../../lib/http';
import { useConnection } from '../../lib/http';
import { invalidate, useMutation, useQuery } from '../../lib/query';
import { goBack, href, navigate, usePlace } from '../../lib/router';
import { Banner } from '../../ui/Banner';
import { Button, LinkButton } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { Details } from '../../ui/Details';
import { MoneyText } from '../../ui/MoneyText';
import { PageHeader } from '../../ui/PageHeader';
import { Spinner } from '../../ui/Spinner';
import { Stepper } from '../../ui/Stepper';
import { useMessages } from '../messages';
import { AccountNumber, accountTitle } from '../shared/accounts';
import { useProblems } from '../shared/problems';
import { StepUpDialog } from '../shared/StepUpDialog';
import { type FormState, isFinished, markFinished, type Order } from './draft';
import { blamedField } from './TransferPage';

/** Pauses between questions about an order of which nobody knows whether it arrived. */
const askAgainSeconds = [2, 3, 5, 8, 13, 20, 30];

/** The order as it will be carried out, and the one button that does it. */
export default function ConfirmPage() {
  const order = usePlace().state as Order | null;
  const isLost = !order?.quote || isFinished(order);
  useEffect(() => {
    if (isLost) navigate('/transfer', { replace: true });
  }, [isLost]);
  return isLost ? null : <Confirm order={order} />;
}

function Confirm({ order }: { order: Order }) {
  const text = useMessages();
  const problems = useProblems();
  const { draft, quote } = order;
  const accounts = useQuery('GET /customer-portal/accounts', { query: { limit: 200 } });
  const transfer = useMutation('POST /customer-portal/transactions/transfer');
  const stepUpToken = useRef<string | undefined>(undefined);
  const [held, setHeld] = useState<string | null>(null);
  const [isStepUpDismissed, setStepUpDismissed] = useState(false);
  const isUncertain = transfer.error?.isUncertain === true;

  const send = useCallback(async () => {
    setStepUpDismissed(false);
    const reply = await transfer.run(
      {
        body: {
          fromAccountNumber: draft.from,
          toAccountNumber: draft.to,
          amount: draft.amount,
          currency: draft.currency,
          ...(draft.narration === '' ? {} : { narration: draft.narration }),
        },
      },
      { idempotencyKey: order.idempotencyKey, stepUpToken: stepUpToken.current },
    );
    if (!reply) return;
    markFinished(order);
    invalidate('/customer-portal/');
    if ((reply.status as string) === 'heldForReview') setHeld(reply.reference);
    else
      navigate(href('/transactions/:transactionId', { transactionId: reply.transactionId }), {
        replace: true,
        state: { isJustSent: true },
      });
  }, [transfer.run, draft, order]);

  useRefusalBesideField(order, transfer.error);
  const checking = useAskingAgain(isUncertain, transfer.isRunning, send);

  const own = accounts.data?.items.find((one) => one.accountNumber === draft.from);
  const ownTarget = accounts.data?.items.find((one) => one.accountNumber === draft.to);
  const amount = formatMoney(draft.amount, draft.currency);
  const steps = [text.transfer.steps.details, text.transfer.steps.confirm, text.transfer.steps.receipt];

  if (held !== null) {
    return (
      <div className="mx-auto max-w-2xl">
        <PageHeader title={text.transfer.held} />
        <Banner tone="warning">{text.transfer.heldDetail}</Banner>
        <p className="my-5 text-muted">
          {text.common.reference}: <span className="font-medium text-ink">{held}</span>
        </p>
        <LinkButton to="/">{text.common.toOverview}</LinkButton>
      </div>
    );
  }
  const failure = isUncertain ? null : problems.unlessShown(transfer.error);
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title={text.transfer.confirmTitle} lead={text.transfer.confirmLead} />
      <div className="mb-6">
        <Stepper steps={steps} current={1} />
      </div>
      <Card>
        {isUncertain && (
          <div className="mb-5">
            <Banner
              tone="warning"
              title={checking ? text.transfer.checking : text.transfer.uncertain}
              action={checking ? <Spinner size={20} isImmediate /> : undefined}
            >
              {checking ? text.transfer.checkingDetail : text.transfer.uncertainDetail}
            </Banner>
          </div>
        )}
        {failure !== null && (
          <div className="mb-5">
            <Banner tone="danger">{failure}</Banner>
          </div>
        )}
        <p className="text-center text-4xl font-semibold tracking-tight">
          <MoneyText amount={draft.amount} currency={draft.currency} />
        </p>
        <Details
          className="mt-5"
          items={[
            {
              label: text.transfer.recipient,
              value: (
                <>
                  <span className="block">{ownTarget ? accountTitle(ownTarget, text) : quote.recipientName}</span>
                  <span className="block text-sm font-normal text-muted">
                    <AccountNumber number={draft.to} />
                  </span>
                </>
              ),
            },
            {
              label: text.transfer.from,
              value: (
                <>
                  <span className="block">{own ? accountTitle(own, text) : ''}</span>
                  <span className="block text-sm font-normal text-muted">
                    <AccountNumber number={draft.from} />
                  </span>
                </>
              ),
            },
            draft.narration === '' ? null : { label: text.transfer.narration, value: draft.narration },
            {
              label: text.transfer.fee,
              value: /[1-9]/.test(quote.fee) ? <MoneyText amount={quote.fee} currency={draft.currency} /> : text.transfer.free,
            },
            /[1-9]/.test(quote.excise)
              ? { label: text.transfer.excise, value: <MoneyText amount={quote.excise} currency={draft.currency} /> }
              : null,
            { label: text.transfer.total, value: <MoneyText amount={quote.total} currency={draft.currency} />, isStrong: true },
            { label: text.transfer.balanceAfter, value: <MoneyText amount={quote.balanceAfter} currency={draft.currency} /> },
          ]}
        />
        <div className="mt-6 flex flex-col-reverse gap-3 sm:flex-row">
          {!isUncertain && (
            <Button kind="secondary" className="min-h-12" onClick={() => goBack('/transfer')} disabled={transfer.isRunning}>
              {text.transfer.change}
            </Button>
          )}
          <Button
            className="min-h-12 flex-1"
            isBusy={transfer.isRunning || (isUncertain && checking)}
            onClick={() => void send()}
          >
            {isUncertain ? text.transfer.askAgain : text.transfer.confirm(amount)}
          </Button>
        </div>
      </Card>
      <StepUpDialog
        problem={isStepUpDismissed ? null : transfer.error}
        isRepeating={transfer.isRunning}
        onCancel={() => setStepUpDismissed(true)}
        onToken={(token) => {
          stepUpToken.current = token;
          void send();
        }}
      />
    </div>
  );
}

/** A refusal that a field is to blame for is shown beside that field: back to the form, with everything still in it. */
function useRefusalBesideField(order: Order, problem: ProblemError | null): void {
  useEffect(() => {
    if (problem === null || problem.isUncertain || problem.code === 'step_up_required') return;
    const field = blamedField(problem);
    if (field === null) return;
    const state: FormState = { draft: order.draft, refusal: { code: problem.fieldErrors[field]?.code ?? problem.code, field } };
    navigate('/transfer', { replace: true, state });
  }, [order, problem]);
}

/**
 * The line broke before the answer: the same order with the same key is asked for again and again, which has no second effect.
 * @returns whether it is still being asked
 */
function useAskingAgain(isUncertain: boolean, isRunning: boolean, ask: () => Promise<void>): boolean {
  const [tries, setTries] = useState(0);
  const isOnline = useConnection((state) => state.isOnline);
  const pause = askAgainSeconds[tries];
  const isAsking = isUncertain && pause !== undefined;
  useEffect(() => {
    if (!isAsking || isRunning || pause === undefined) return;
    const timer = setTimeout(
      () => {
        setTries((count) => count + 1);
        void ask();
      },
      (isOnline ? Math.min(pause, tries === 0 ? 2 : pause) : pause) * 1_000,
    );
    return () => clearTimeout(timer);
  }, [isAsking, isRunning, pause, tries, ask, isOnline]);
  return isAsking || (isUncertain && isRunning);
}
