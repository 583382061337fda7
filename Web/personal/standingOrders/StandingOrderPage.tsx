import { useState } from 'react';
import type { StandingOrder } from '../../lib/api';
import { invalidate, useMutation, useQuery } from '../../lib/query';
import { navigate, replaceSearch, useSearch } from '../../lib/router';
import { Badge, Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { DateText } from '../../ui/DateText';
import { Details } from '../../ui/Details';
import { Dialog } from '../../ui/Dialog';
import { MoneyText } from '../../ui/MoneyText';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton } from '../../ui/Skeleton';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { AccountNumber, accountTitle, canPay, inOrderOfUse } from '../shared/accounts';
import { LoadFailure } from '../shared/LoadFailure';
import { useProblems } from '../shared/problems';
import { StandingOrderForm } from './StandingOrderForm';
import { rhythm, standingOrderTones } from './StandingOrdersPage';

export default function StandingOrderPage({ standingOrderId }: { standingOrderId: string }) {
  const text = useMessages();
  const { data, error, refetch } = useQuery('GET /payments/standing-orders/{standingOrderId}', { path: { standingOrderId } });
  const accounts = useQuery('GET /customer-portal/accounts', { query: { limit: 200 } });
  const isEditing = useSearch().get('edit') === '1';
  const back = { to: '/standing-orders', label: text.standingOrders.title };
  if (data === undefined) {
    return (
      <div className="mx-auto max-w-2xl">
        <PageHeader title={text.standingOrders.title} back={back} />
        {error !== null ? <LoadFailure problem={error} onRetry={refetch} /> : <Skeleton className="h-96 rounded-card" />}
      </div>
    );
  }
  if (isEditing && accounts.data !== undefined) {
    return (
      <div className="mx-auto max-w-2xl">
        <PageHeader title={text.standingOrders.changeTitle} back={back} />
        <StandingOrderForm
          accounts={inOrderOfUse(accounts.data.items.filter(canPay))}
          order={data}
          prefill={{
            from: data.fromAccountNumber,
            to: data.toAccountNumber,
            amount: data.amount,
            narration: data.narration ?? '',
          }}
        />
      </div>
    );
  }
  const own = accounts.data?.items.find((one) => one.id === data.fromAccountId);
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title={data.beneficiaryName || text.standingOrders.title} back={back} />
      <Summary order={data} from={own === undefined ? '' : accountTitle(own, text)} />
    </div>
  );
}

/** Everything that a change must repeat. */
function termsOf(order: StandingOrder) {
  return {
    fromAccountId: order.fromAccountId,
    toAccountNumber: order.toAccountNumber,
    amount: order.amount,
    currency: order.currency,
    frequency: order.frequency,
    startDate: order.startDate,
    version: order.version,
    ...(order.beneficiaryName ? { beneficiaryName: order.beneficiaryName } : {}),
    ...(order.narration ? { narration: order.narration } : {}),
    ...(order.dayOfMonth ? { dayOfMonth: order.dayOfMonth } : {}),
    ...(order.endDate ? { endDate: order.endDate } : {}),
    ...(order.maxRuns ? { maxRuns: order.maxRuns } : {}),
  };
}

function Summary({ order, from }: { order: StandingOrder; from: string }) {
  const text = useMessages();
  const problems = useProblems();
  const change = useMutation('PUT /payments/standing-orders/{standingOrderId}');
  const [isEnding, setIsEnding] = useState(false);
  const isPaused = order.status === 'paused';
  const setPaused = async (isToBePaused: boolean) => {
    const reply = await change.run({
      path: { standingOrderId: order.standingOrderId },
      body: { ...termsOf(order), isPaused: isToBePaused },
    });
    if (reply === undefined) return;
    invalidate('/payments/standing-orders');
    showToast(isToBePaused ? text.standingOrders.paused : text.standingOrders.resumed);
  };
  const problem = problems.unlessShown(change.error);
  return (
    <Card>
      {problem !== null && (
        <div className="mb-4">
          <Banner tone="danger">{problem}</Banner>
        </div>
      )}
      {order.lastFailureCode && order.status !== 'ended' && (
        <div className="mb-4">
          <Banner tone="warning" title={text.standingOrders.lastFailed}>
            {text.problems[order.lastFailureCode]}
          </Banner>
        </div>
      )}
      <div className="flex flex-col items-center gap-2 pb-4 text-center">
        <p className="text-4xl font-semibold tracking-tight">
          <MoneyText amount={order.amount} currency={order.currency} />
        </p>
        <p className="text-muted">{rhythm(order, text)}</p>
        <Badge tone={standingOrderTones[order.status] ?? 'neutral'}>{text.standingOrders.status[order.status]}</Badge>
      </div>
      <Details
        items={[
          order.status === 'active' && order.nextRunDate
            ? { label: text.standingOrders.nextRun, value: <DateText at={order.nextRunDate} />, isStrong: true }
            : null,
          order.toAccountNumber
            ? { label: text.standingOrders.to, value: <AccountNumber number={order.toAccountNumber} /> }
            : null,
          {
            label: text.standingOrders.from,
            value: (
              <>
                <span className="block">{from}</span>
                <span className="block text-sm font-normal text-muted">
                  <AccountNumber number={order.fromAccountNumber} />
                </span>
              </>
            ),
          },
          order.narration ? { label: text.transfer.narration, value: order.narration } : null,
          { label: text.standingOrders.startDate, value: <DateText at={order.startDate} /> },
          order.endDate ? { label: text.standingOrders.endDate, value: <DateText at={order.endDate} /> } : null,
          order.runCount > 0 ? { label: text.standingOrders.made, value: order.runCount } : null,
          order.missedCount > 0 ? { label: text.standingOrders.missedRuns, value: order.missedCount } : null,
        ]}
      />
      {order.status !== 'ended' && (
        <div className="mt-5 flex flex-col-reverse gap-3 sm:flex-row sm:justify-end">
          <Button kind="secondary" onClick={() => setIsEnding(true)}>
            {text.standingOrders.endConfirm}
          </Button>
          <Button
            kind="secondary"
            icon={isPaused ? 'play' : 'pause'}
            isBusy={change.isRunning}
            onClick={() => void setPaused(!isPaused)}
          >
            {isPaused ? text.standingOrders.resume : text.standingOrders.pause}
          </Button>
          <Button icon="pencil" onClick={() => replaceSearch({ edit: '1' })}>
            {text.transfer.change}
          </Button>
        </div>
      )}
      {isEnding && <EndDialog order={order} onClose={() => setIsEnding(false)} />}
    </Card>
  );
}

function EndDialog({ order, onClose }: { order: StandingOrder; onClose: () => void }) {
  const text = useMessages();
  const problems = useProblems();
  const end = useMutation('DELETE /payments/standing-orders/{standingOrderId}');
  const submit = async () => {
    if ((await end.run({ path: { standingOrderId: order.standingOrderId } })) === undefined) return;
    invalidate('/payments/standing-orders');
    showToast(text.standingOrders.endDone);
    navigate('/standing-orders', { replace: true });
  };
  return (
    <Dialog
      title={text.standingOrders.endTitle}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button kind="secondary" onClick={onClose}>
            {text.standingOrders.keep}
          </Button>
          <Button kind="danger" isBusy={end.isRunning} onClick={() => void submit()}>
            {text.standingOrders.endConfirm}
          </Button>
        </>
      }
    >
      <p className="text-muted">{text.standingOrders.endDetail}</p>
      {end.error !== null && (
        <p role="alert" className="mt-3 text-sm font-medium text-danger">
          {problems.of(end.error)}
        </p>
      )}
    </Dialog>
  );
}
