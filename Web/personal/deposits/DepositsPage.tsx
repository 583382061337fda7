import type { Deposit } from '../../lib/api';
import { usePagedQuery } from '../../lib/query';
import { href, Link } from '../../lib/router';
import { Badge, type Tone } from '../../ui/Banner';
import { Button, LinkButton } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { DateText } from '../../ui/DateText';
import { EmptyState } from '../../ui/EmptyState';
import { Icon } from '../../ui/Icon';
import { MoneyText } from '../../ui/MoneyText';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { useMessages } from '../messages';
import { LoadFailure } from '../shared/LoadFailure';
import { useDepositMessages } from './messages';
import { shortRate } from './products';

export const depositTones: Record<Deposit['status'], Tone> = {
  active: 'success',
  matured: 'warning',
  renewed: 'neutral',
  closed: 'neutral',
  prematurelyClosed: 'neutral',
  discontinued: 'warning',
};

export function isOpen(deposit: Deposit): boolean {
  return deposit.status === 'active' || deposit.status === 'matured';
}

export default function DepositsPage() {
  const text = useDepositMessages();
  const common = useMessages().common;
  const { items, error, refetch, hasMore, loadMore, isLoadingMore } = usePagedQuery('GET /customer-portal/deposits', {
    query: { limit: 50 },
  });
  const open = items?.filter(isOpen) ?? [];
  const ended = items?.filter((one) => !isOpen(one)) ?? [];
  return (
    <>
      <PageHeader
        title={text.title}
        lead={text.lead}
        action={
          items !== undefined &&
          items.length > 0 && (
            <LinkButton to="/deposits/new" icon="plus">
              {text.new}
            </LinkButton>
          )
        }
      />
      {items !== undefined ? (
        items.length === 0 ? (
          <Card>
            <EmptyState
              icon="sprout"
              title={text.empty}
              action={
                <LinkButton to="/deposits/new" icon="plus">
                  {text.new}
                </LinkButton>
              }
            >
              {text.emptyDetail}
            </EmptyState>
          </Card>
        ) : (
          <div className="flex flex-col gap-8">
            {open.length > 0 && (
              <ul className="grid grid-cols-1 gap-4 md:grid-cols-2">
                {open.map((deposit) => (
                  <OpenDeposit key={deposit.depositId} deposit={deposit} />
                ))}
              </ul>
            )}
            {ended.length > 0 && (
              <section>
                <h2 className="mb-3 text-lg font-semibold">{text.ended}</h2>
                <Card isFlush>
                  <ul className="divide-y divide-line">
                    {ended.map((deposit) => (
                      <EndedDeposit key={deposit.depositId} deposit={deposit} />
                    ))}
                  </ul>
                </Card>
              </section>
            )}
            {hasMore && (
              <div className="text-center">
                <Button kind="secondary" isBusy={isLoadingMore} onClick={loadMore}>
                  {common.more}
                </Button>
              </div>
            )}
          </div>
        )
      ) : error !== null ? (
        <LoadFailure problem={error} onRetry={refetch} />
      ) : (
        <Waiting className="grid grid-cols-1 gap-4 md:grid-cols-2">
          <Skeleton className="h-52 rounded-card" />
          <Skeleton className="h-52 rounded-card" />
        </Waiting>
      )}
    </>
  );
}

function OpenDeposit({ deposit }: { deposit: Deposit }) {
  const text = useDepositMessages();
  const isRecurring = deposit.depositType === 'recurringDeposit';
  return (
    <li className="min-w-0">
      <Link
        to={href('/deposits/:depositId', { depositId: deposit.depositId })}
        className="flex h-full min-h-52 flex-col justify-between gap-5 rounded-card border border-line bg-surface p-5 shadow-card transition-colors hover:border-edge sm:p-6"
      >
        <span className="flex items-start gap-4">
          <span className="flex size-11 shrink-0 items-center justify-center rounded-full bg-brand-soft text-brand-text">
            <Icon name="sprout" size={20} />
          </span>
          <span className="min-w-0 flex-1">
            <span className="block truncate text-lg font-semibold">{text.types[deposit.depositType]}</span>
            <span className="block text-sm text-muted">{text.ratePerYear(shortRate(deposit.interestRate))}</span>
          </span>
          <Badge tone={depositTones[deposit.status]}>{text.status[deposit.status]}</Badge>
        </span>
        <span className="block text-2xl font-semibold tracking-tight">
          <MoneyText amount={deposit.principalAmount} currency={deposit.currency} />
        </span>
        <span className="flex flex-wrap justify-between gap-x-6 gap-y-1 text-sm">
          <span>
            <span className="block text-muted">{text.earnedSoFar}</span>
            <MoneyText amount={deposit.accruedInterest} currency={deposit.currency} className="font-semibold" />
          </span>
          <span className="text-right">
            {deposit.maturityDate ? (
              <>
                <span className="block text-muted">{text.maturesOn}</span>
                <span className="font-semibold">
                  <DateText at={deposit.maturityDate} />
                </span>
              </>
            ) : (
              <span className="text-muted">{text.noEnd}</span>
            )}
          </span>
        </span>
        {isRecurring && (
          <span className="text-sm text-muted">
            {text.installmentsPaid(deposit.installmentsPaid ?? 0, deposit.tenureInMonths ?? 0)}
          </span>
        )}
      </Link>
    </li>
  );
}

function EndedDeposit({ deposit }: { deposit: Deposit }) {
  const text = useDepositMessages();
  return (
    <li>
      <Link
        to={href('/deposits/:depositId', { depositId: deposit.depositId })}
        className="flex min-h-18 flex-wrap items-center justify-between gap-x-4 gap-y-1 px-5 py-3 transition-colors hover:bg-sunken"
      >
        <span className="min-w-0">
          <span className="block font-medium">{text.types[deposit.depositType]}</span>
          <span className="block text-sm text-muted">
            {text.status[deposit.status]}
            {deposit.closedDate && (
              <>
                {' · '}
                <DateText at={deposit.closedDate} />
              </>
            )}
          </span>
        </span>
        <MoneyText amount={deposit.payout ?? deposit.principalAmount} currency={deposit.currency} className="font-semibold" />
      </Link>
    </li>
  );
}
