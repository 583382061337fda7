import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import type { Account, Transaction } from '../../lib/api';
import { usePagedQuery } from '../../lib/query';
import { href, Link, replaceSearch, useSearch } from '../../lib/router';
import { Badge } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { type Column, DataTable } from '../../ui/DataTable';
import { DateText } from '../../ui/DateText';
import { EmptyState } from '../../ui/EmptyState';
import { SearchInput } from '../../ui/Field';
import { MoneyText } from '../../ui/MoneyText';
import { SkeletonRows } from '../../ui/Skeleton';
import { useMessages } from '../messages';
import { LoadFailure } from '../shared/LoadFailure';
import { statusTones, TransactionIcon, transactionDetail, transactionTitle } from '../shared/transactions';
import { activeCount, type Filters, filtersOf, noFilters, queryOf } from './filters';

const FilterDialog = lazy(() => import('./FilterDialog').then((module) => ({ default: module.FilterDialog })));
const typingPauseMilliseconds = 350;

/** An account's transactions with search, filters and the running balance. */
export function TransactionList({ account }: { account: Account }) {
  const text = useMessages();
  const filters = filtersOf(useSearch());
  const [isFiltering, setIsFiltering] = useState(false);
  const [typed, setTyped] = useState(filters.q);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  const { items, error, hasMore, isLoadingMore, loadMore, refetch } = usePagedQuery(
    'GET /customer-portal/accounts/{account}/transactions',
    {
      path: { account: account.accountNumber },
      query: { limit: 25, ...queryOf(filters) },
    },
  );
  const apply = (next: Filters) => {
    setIsFiltering(false);
    replaceSearch({ ...next });
  };
  const search = (value: string) => {
    setTyped(value);
    clearTimeout(timer.current ?? undefined);
    timer.current = setTimeout(
      () => replaceSearch({ ...filtersOf(new URLSearchParams(location.search)), q: value.trim() }),
      typingPauseMilliseconds,
    );
  };
  const clear = () => {
    setTyped('');
    apply(noFilters);
  };
  const count = activeCount(filters);
  const isFiltered = count > 0 || filters.q !== '';

  return (
    <section aria-labelledby="transactions">
      <div className="mb-4 flex flex-wrap items-center gap-3">
        <h2 id="transactions" className="mr-auto text-xl font-semibold max-sm:w-full">
          {text.accounts.transactions}
        </h2>
        <div className="min-w-0 flex-1 sm:max-w-80">
          <SearchInput
            label={text.transactions.searchLabel}
            value={typed}
            maxLength={100}
            onChange={(event) => search(event.target.value)}
          />
        </div>
        <Button kind="secondary" icon="sliders-horizontal" className="min-h-12" onClick={() => setIsFiltering(true)}>
          {count > 0 ? text.transactions.filtersActive(count) : text.transactions.filters}
        </Button>
      </div>
      <Card isFlush className="overflow-hidden">
        {items !== undefined ? (
          items.length === 0 ? (
            isFiltered ? (
              <EmptyState
                icon="search"
                title={text.transactions.noMatch}
                action={
                  <Button kind="secondary" onClick={clear}>
                    {text.transactions.clear}
                  </Button>
                }
              >
                {text.transactions.noMatchDetail}
              </EmptyState>
            ) : (
              <EmptyState icon="arrow-left-right" title={text.transactions.empty}>
                {text.transactions.emptyDetail}
              </EmptyState>
            )
          ) : (
            <TransactionTable items={items} onLoadMore={hasMore ? loadMore : undefined} isLoadingMore={isLoadingMore} />
          )
        ) : error !== null ? (
          <LoadFailure problem={error} onRetry={refetch} />
        ) : (
          <SkeletonRows count={8} />
        )}
      </Card>
      {items !== undefined && error !== null && (
        <div className="mt-3">
          <LoadFailure problem={error} onRetry={hasMore ? loadMore : refetch} />
        </div>
      )}
      {isFiltering && (
        <Suspense fallback={null}>
          <FilterDialog filters={filters} currency={account.currency} onApply={apply} onClose={() => setIsFiltering(false)} />
        </Suspense>
      )}
    </section>
  );
}

function TransactionTable({
  items,
  onLoadMore,
  isLoadingMore,
}: {
  items: Transaction[];
  onLoadMore: (() => void) | undefined;
  isLoadingMore: boolean;
}) {
  const text = useMessages();
  const columns: Column<Transaction>[] = [
    { key: 'date', header: text.transactions.date, onPhone: 'hidden', cell: (one) => <DateText at={one.postedAt} /> },
    {
      key: 'description',
      header: text.transactions.description,
      onPhone: 'title',
      isFilling: true,
      cell: (one) => <Description transaction={one} />,
    },
    {
      key: 'amount',
      header: text.transactions.amount,
      align: 'right',
      onPhone: 'aside',
      cell: (one) => (
        <>
          <MoneyText
            amount={one.amount}
            currency={one.currency}
            direction={one.direction}
            isCurrencyHidden
            className="font-semibold"
          />
          <span className="block text-sm text-muted sm:hidden">
            <span className="sr-only">{text.transactions.balance} </span>
            <MoneyText amount={one.balanceAfter} currency={one.currency} isCurrencyHidden />
          </span>
        </>
      ),
    },
    {
      key: 'balance',
      header: text.transactions.balance,
      align: 'right',
      onPhone: 'hidden',
      cell: (one) => <MoneyText amount={one.balanceAfter} currency={one.currency} isCurrencyHidden className="text-muted" />,
    },
  ];
  return (
    <DataTable
      caption={text.transactions.caption}
      columns={columns}
      rows={items}
      rowKey={(one) => one.transactionId}
      onLoadMore={onLoadMore}
      isLoadingMore={isLoadingMore}
    />
  );
}

function Description({ transaction }: { transaction: Transaction }) {
  const text = useMessages();
  const detail = transactionDetail(transaction, text);
  return (
    <span className="flex min-w-0 items-center gap-3">
      <TransactionIcon transaction={transaction} />
      <span className="min-w-0">
        <Link
          to={href('/transactions/:transactionId', { transactionId: transaction.transactionId })}
          className="-my-1 block truncate py-1 font-medium after:absolute after:inset-0 hover:underline"
        >
          {transactionTitle(transaction, text)}
        </Link>
        <span className="flex items-center gap-2 text-sm text-muted">
          <span className="sm:hidden">
            <DateText at={transaction.postedAt} form="relative" />
          </span>
          {detail !== '' && <span className="truncate">{detail}</span>}
          {transaction.status !== 'completed' && (
            <Badge tone={statusTones[transaction.status] ?? 'neutral'}>{text.transactions.status[transaction.status]}</Badge>
          )}
        </span>
      </span>
    </span>
  );
}
