import { useQuery } from '../../lib/query';
import { useSearch } from '../../lib/router';
import { exactFromEntry } from '../../ui/amountEntry';
import { Card } from '../../ui/Card';
import { EmptyState } from '../../ui/EmptyState';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton } from '../../ui/Skeleton';
import { useMessages } from '../messages';
import { canPay, inOrderOfUse } from '../shared/accounts';
import { LoadFailure } from '../shared/LoadFailure';
import { StandingOrderForm } from './StandingOrderForm';

export default function NewStandingOrderPage() {
  const text = useMessages();
  const search = useSearch();
  const { data, error, refetch } = useQuery('GET /customer-portal/accounts', { query: { limit: 200 } });
  const accounts = inOrderOfUse(data?.items.filter(canPay) ?? []);
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title={text.standingOrders.newTitle} back={{ to: '/standing-orders', label: text.standingOrders.title }} />
      {data === undefined ? (
        error !== null ? (
          <LoadFailure problem={error} onRetry={refetch} />
        ) : (
          <Skeleton className="h-128 rounded-card" />
        )
      ) : accounts.length === 0 ? (
        <Card>
          <EmptyState icon="landmark" title={text.overview.noAccounts}>
            {text.overview.noAccountsDetail}
          </EmptyState>
        </Card>
      ) : (
        <StandingOrderForm
          accounts={accounts}
          order={null}
          prefill={{
            from: search.get('from') ?? '',
            to: (search.get('to') ?? '').replace(/\D/g, '').slice(0, 13),
            amount: exactFromEntry(search.get('amount') ?? '', 'KES'),
            narration: (search.get('narration') ?? '').slice(0, 140),
          }}
        />
      )}
    </div>
  );
}
