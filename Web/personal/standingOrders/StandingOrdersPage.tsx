import type { StandingOrder } from '../../lib/api';
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
import { SkeletonRows } from '../../ui/Skeleton';
import { type PersonalMessages, useMessages } from '../messages';
import { AccountNumber } from '../shared/accounts';
import { LoadFailure } from '../shared/LoadFailure';

export const standingOrderTones: Record<string, Tone> = { active: 'success', paused: 'warning', ended: 'neutral' };

/** "Every month, on day 28". */
export function rhythm(order: Pick<StandingOrder, 'frequency' | 'dayOfMonth'>, text: PersonalMessages): string {
  const every = text.standingOrders.every[order.frequency] ?? order.frequency;
  return order.dayOfMonth && order.frequency !== 'weekly' ? `${every}, ${text.standingOrders.onDay(order.dayOfMonth)}` : every;
}

export default function StandingOrdersPage() {
  const text = useMessages();
  const { items, error, hasMore, loadMore, isLoadingMore, refetch } = usePagedQuery('GET /payments/standing-orders', {
    query: { limit: 50 },
  });
  const newButton = (
    <LinkButton to="/standing-orders/new" icon="plus">
      {text.standingOrders.new}
    </LinkButton>
  );
  return (
    <>
      <PageHeader
        title={text.standingOrders.title}
        lead={text.standingOrders.lead}
        action={items !== undefined && items.length > 0 && newButton}
      />
      <Card isFlush className="overflow-hidden">
        {items !== undefined ? (
          items.length === 0 ? (
            <EmptyState icon="calendar-sync" title={text.standingOrders.empty} action={newButton}>
              {text.standingOrders.emptyDetail}
            </EmptyState>
          ) : (
            <ul>
              {items.map((order) => (
                <Row key={order.standingOrderId} order={order} />
              ))}
            </ul>
          )
        ) : error !== null ? (
          <LoadFailure problem={error} onRetry={refetch} />
        ) : (
          <SkeletonRows count={3} rowHeight="h-22" />
        )}
        {hasMore && (
          <div className="border-t border-line p-4 text-center">
            <Button kind="secondary" isBusy={isLoadingMore} onClick={loadMore}>
              {text.common.more}
            </Button>
          </div>
        )}
      </Card>
    </>
  );
}

function Row({ order }: { order: StandingOrder }) {
  const text = useMessages();
  return (
    <li className="border-b border-line last:border-b-0">
      <Link
        to={href('/standing-orders/:standingOrderId', { standingOrderId: order.standingOrderId })}
        className="flex min-h-22 items-center gap-4 px-5 py-3.5 transition-colors hover:bg-sunken"
      >
        <span
          aria-hidden="true"
          className="flex size-11 shrink-0 items-center justify-center rounded-full bg-brand-soft text-brand-text"
        >
          <Icon name="calendar-sync" size={20} />
        </span>
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">
            {order.beneficiaryName ||
              (order.toAccountNumber ? <AccountNumber number={order.toAccountNumber} /> : text.transactions.types['transfer'])}
          </span>
          <span className="block text-sm text-muted">{rhythm(order, text)}</span>
          {order.status === 'active' && order.nextRunDate ? (
            <span className="block text-sm text-muted">
              {text.standingOrders.next}: <DateText at={order.nextRunDate} />
            </span>
          ) : (
            <Badge tone={standingOrderTones[order.status] ?? 'neutral'}>{text.standingOrders.status[order.status]}</Badge>
          )}
        </span>
        <MoneyText amount={order.amount} currency={order.currency} className="font-semibold" />
        <Icon name="chevron-right" size={18} className="text-muted max-sm:hidden" />
      </Link>
    </li>
  );
}
