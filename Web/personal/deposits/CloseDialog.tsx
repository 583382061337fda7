import { useEffect } from 'react';
import type { Deposit } from '../../lib/api';
import { formatMoney } from '../../lib/format';
import { invalidate, useMutation } from '../../lib/query';
import { navigate } from '../../lib/router';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Details } from '../../ui/Details';
import { Dialog } from '../../ui/Dialog';
import { MoneyText } from '../../ui/MoneyText';
import { Skeleton } from '../../ui/Skeleton';
import { showToast } from '../../ui/Toast';
import { useProblems } from '../shared/problems';
import { useDepositMessages } from './messages';

/** What closing today comes to, and only then the button. */
export function CloseDialog({ deposit, onClose }: { deposit: Deposit; onClose: () => void }) {
  const text = useDepositMessages();
  const problems = useProblems();
  const quote = useMutation('POST /deposits/{depositId}/close-quote');
  const close = useMutation('POST /deposits/{depositId}/close');
  const { depositId } = deposit;
  const { run } = quote;
  useEffect(() => {
    void run({ path: { depositId }, body: {} });
  }, [run, depositId]);
  const submit = async () => {
    const reply = await close.run({ path: { depositId }, body: {} });
    if (reply === undefined) return;
    invalidate('/customer-portal/');
    invalidate('/deposits');
    showToast(text.closed(formatMoney(reply.payout, reply.currency)));
    navigate('/deposits', { replace: true });
  };
  const figures = quote.data;
  const money = (amount: string) => <MoneyText amount={amount} currency={deposit.currency} />;
  const problem = close.error ?? quote.error;
  const isEarly = figures !== undefined && Boolean(deposit.maturityDate) && figures.date < (deposit.maturityDate ?? '');
  return (
    <Dialog
      title={text.closeTitle}
      isOpen
      onClose={onClose}
      isLocked={close.isRunning}
      footer={
        <>
          <Button kind="secondary" onClick={onClose} disabled={close.isRunning}>
            {text.keep}
          </Button>
          {figures !== undefined && (
            <Button kind="danger" isBusy={close.isRunning} onClick={() => void submit()}>
              {text.closeConfirm(formatMoney(figures.payout, figures.currency))}
            </Button>
          )}
        </>
      }
    >
      {problem !== null && (
        <div className="mb-4">
          <Banner tone="danger">{text.problems[problem.code] ?? problems.of(problem)}</Banner>
        </div>
      )}
      {figures === undefined ? (
        quote.error === null && <Skeleton className="h-48" />
      ) : (
        <>
          <p className="mb-2 text-muted">{isEarly ? text.closeEarly : text.closeMatured}</p>
          <Details
            items={[
              { label: text.principal, value: money(figures.principal) },
              { label: text.interest, value: money(figures.interestEarned) },
              /[1-9]/.test(figures.penalty) ? { label: text.penalty, value: <>−{money(figures.penalty)}</> } : null,
              /[1-9]/.test(figures.withholdingTax) ? { label: text.tax, value: <>−{money(figures.withholdingTax)}</> } : null,
              { label: text.payoutAmount, value: money(figures.payout), isStrong: true },
            ]}
          />
          {!/[1-9]/.test(figures.interestEarned) && <p className="mt-2 text-sm text-muted">{text.closeNothing}</p>}
        </>
      )}
    </Dialog>
  );
}
