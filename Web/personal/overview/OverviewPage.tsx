import type { Account, Dashboard, Transaction } from '../../lib/api';
import { formatAmount, formatDate, sumAmounts } from '../../lib/format';
import { useLanguage } from '../../lib/i18n';
import { useQuery } from '../../lib/query';
import { href, Link, useTitle } from '../../lib/router';
import { useSession } from '../../lib/session';
import { IconButton } from '../../ui/Button';
import { Card, CardTitle } from '../../ui/Card';
import { classes } from '../../ui/classes';
import { DateText } from '../../ui/DateText';
import { EmptyState } from '../../ui/EmptyState';
import { Icon, type IconName } from '../../ui/Icon';
import { Weave } from '../../ui/Logo';
import { amountSize, MoneyText } from '../../ui/MoneyText';
import { useMessages } from '../messages';
import { AccountNumber, accountTitle, inOrderOfUse } from '../shared/accounts';
import { setAmountsHidden, useAmounts } from '../shared/amounts';
import { LoadFailure } from '../shared/LoadFailure';
import { TransactionIcon, transactionDetail, transactionTitle } from '../shared/transactions';
import { CashFlow, cashFlowQuestion } from './CashFlow';
import { OverviewSkeleton } from './OverviewSkeleton';

/** What one wants to know first: how much there is, what happened, and the way to what is done most. */
export default function OverviewPage() {
  const text = useMessages();
  const language = useLanguage();
  const user = useSession((state) => state.user);
  const { data, error, refetch } = useQuery('GET /customer-portal/dashboard');
  const isSignedIn = useSession((state) => state.status === 'signedIn');
  // The overview brings the last few entries; a moment later there are enough to leave charges out and still fill the list.
  const recent = useQuery('GET /customer-portal/transactions/recent', isSignedIn ? undefined : null);
  // Asked for beside the overview, not after it.
  useQuery('GET /customer-portal/analytics/cash-flow', isSignedIn ? cashFlowQuestion('KES') : null);
  const now = new Date();
  const hour = (now.getUTCHours() + 3) % 24;
  const firstName = (user?.fullName ?? '').split(' ')[0] ?? '';
  useTitle(text.nav.overview);
  return (
    <>
      <header className="mb-6 flex flex-wrap items-baseline justify-between gap-x-4">
        <h1 tabIndex={-1} className="text-2xl font-semibold wrap-anywhere sm:text-[1.75rem] sm:leading-9">
          {text.overview.greeting(hour, firstName)}
        </h1>
        <p className="text-muted max-sm:hidden">{formatDate(now.toISOString(), language)}</p>
      </header>
      {data !== undefined ? (
        <Content dashboard={data} transactions={recent.data?.items ?? data.recentTransactions} />
      ) : error !== null ? (
        <LoadFailure problem={error} onRetry={refetch} />
      ) : (
        <OverviewSkeleton />
      )}
    </>
  );
}

function Content({ dashboard, transactions }: { dashboard: Dashboard; transactions: Transaction[] }) {
  return (
    <div className="grid grid-cols-1 gap-6 lg:grid-cols-[minmax(0,1fr)_21rem]">
      <div className="flex min-w-0 flex-col gap-6">
        <Total dashboard={dashboard} />
        <QuickActions />
      </div>
      <Accounts dashboard={dashboard} />
      <Recent dashboard={dashboard} transactions={transactions} />
      <CashFlow currency={dashboard.currency} />
    </div>
  );
}

const shownAccounts = 4;
const shownTransactions = 5;

function Accounts({ dashboard }: { dashboard: Dashboard }) {
  const text = useMessages();
  return (
    <Card isFlush className="lg:self-start">
      <div className="p-5 pb-0">
        <CardTitle action={<SeeAll to="/accounts" />}>{text.overview.accounts}</CardTitle>
      </div>
      {dashboard.accounts.length === 0 ? (
        <EmptyState icon="landmark" title={text.overview.noAccounts}>
          {text.overview.noAccountsDetail}
        </EmptyState>
      ) : (
        <ul className="pb-2">
          {inOrderOfUse(dashboard.accounts.filter((account) => account.status !== 'closed'))
            .slice(0, shownAccounts)
            .map((account) => (
              <AccountRow key={account.id} account={account} />
            ))}
        </ul>
      )}
    </Card>
  );
}

function SeeAll({ to }: { to: string }) {
  const text = useMessages();
  return (
    <Link to={to} className="inline-flex min-h-11 items-center text-sm font-semibold text-brand-text hover:underline">
      {text.overview.seeAll}
    </Link>
  );
}

/** An amount, or dots when the customer covered the amounts. */
function Balance({ amount, currency, className }: { amount: string; currency: string; className?: string }) {
  const isHidden = useAmounts((state) => state.isHidden);
  const text = useMessages();
  if (!isHidden) return <MoneyText amount={amount} currency={currency} className={className ?? ''} />;
  return (
    <span className={`whitespace-nowrap ${className ?? ''}`}>
      <span aria-hidden="true">{currency} ••••••</span>
      <span className="sr-only">{text.overview.balanceHide}</span>
    </span>
  );
}

function Total({ dashboard }: { dashboard: Dashboard }) {
  const text = useMessages();
  const isHidden = useAmounts((state) => state.isHidden);
  const isMixed = dashboard.totals.length > 1;
  return (
    <section className="relative overflow-hidden rounded-card bg-deep p-6 text-on-deep shadow-card sm:p-7">
      <Weave className="pointer-events-none absolute -bottom-44 -right-40 size-88 max-sm:-bottom-52 max-sm:-right-52" />
      <div className="relative">
        <div className="flex items-center gap-1">
          <h2 className="text-sm font-medium text-on-deep-muted">{text.overview.total}</h2>
          <IconButton
            icon={isHidden ? 'eye-off' : 'eye'}
            label={isHidden ? text.overview.balanceShow : text.overview.balanceHide}
            aria-pressed={isHidden}
            isOnDeep
            className="-my-2"
            onClick={() => setAmountsHidden(!isHidden)}
          />
        </div>
        <p className={classes('mt-1 font-semibold tracking-tight', amountSize(dashboard.totalBalance))}>
          <Balance amount={dashboard.totalBalance} currency={dashboard.currency} />
        </p>
        {isMixed ? (
          <>
            <ul className="mt-4 flex flex-wrap gap-x-6 gap-y-1 text-sm font-medium">
              {dashboard.totals.map((total) => (
                <li key={total.currency}>
                  <Balance amount={total.balance} currency={total.currency} />
                </li>
              ))}
            </ul>
            <p className="mt-1 text-xs text-on-deep-muted">{text.overview.totalConverted}</p>
          </>
        ) : (
          dashboard.totals[0] !== undefined && (
            <p className="mt-3 text-sm text-on-deep-muted">
              {text.overview.available}:{' '}
              <Balance amount={dashboard.totals[0].availableBalance} currency={dashboard.totals[0].currency} />
            </p>
          )
        )}
      </div>
    </section>
  );
}

function QuickActions() {
  const text = useMessages();
  const actions: { to: string; icon: IconName; label: string }[] = [
    { to: '/transfer', icon: 'send', label: text.overview.send },
    { to: '/transfer?kind=own', icon: 'arrow-left-right', label: text.overview.between },
    { to: '/standing-orders/new', icon: 'calendar-sync', label: text.overview.standingOrder },
    { to: '/deposits', icon: 'sprout', label: text.overview.deposit },
  ];
  return (
    <nav aria-label={text.overview.quick}>
      <ul className="grid grid-cols-4 gap-2 sm:gap-3">
        {actions.map((action) => (
          <li key={action.to}>
            <Link
              to={action.to}
              className="flex h-full min-h-24 flex-col items-center gap-2 rounded-card px-1 py-3 text-center text-xs font-medium transition-colors hover:bg-surface sm:border sm:border-line sm:bg-surface sm:text-sm sm:hover:border-edge"
            >
              <span className="flex size-12 items-center justify-center rounded-full bg-brand-soft text-brand-text">
                <Icon name={action.icon} size={22} />
              </span>
              <span className="text-balance leading-tight">{action.label}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function AccountRow({ account }: { account: Account }) {
  const text = useMessages();
  return (
    <li>
      <Link
        to={href('/accounts/:account', { account: account.accountNumber })}
        className="flex min-h-18 flex-wrap items-center justify-between gap-x-4 px-5 py-3 transition-colors hover:bg-sunken"
      >
        <span className="min-w-0">
          <span className="block truncate font-medium">{accountTitle(account, text)}</span>
          <span className="block text-sm text-muted">
            <AccountNumber number={account.accountNumber} />
          </span>
        </span>
        <Balance amount={account.balance} currency={account.currency} className="font-semibold" />
      </Link>
    </li>
  );
}

function Recent({ dashboard, transactions }: { dashboard: Dashboard; transactions: Transaction[] }) {
  const text = useMessages();
  const account = transactions[0]?.accountNumber ?? dashboard.accounts[0]?.accountNumber;
  // With one currency alone, its name in every row says nothing.
  const isCurrencyHidden = dashboard.totals.length < 2;
  return (
    <Card isFlush className="min-w-0 lg:self-start">
      <div className="p-5 pb-0">
        <CardTitle
          action={account !== undefined && transactions.length > 0 && <SeeAll to={href('/accounts/:account', { account })} />}
        >
          {text.overview.recent}
        </CardTitle>
      </div>
      {transactions.length === 0 ? (
        <EmptyState icon="arrow-left-right" title={text.overview.recentEmpty}>
          {text.overview.recentEmptyDetail}
        </EmptyState>
      ) : (
        <ul className="pb-2">
          {withoutCharges(transactions)
            .slice(0, shownTransactions)
            .map((transaction) => (
              <RecentRow
                key={`${transaction.transactionId} ${transaction.accountId}`}
                transaction={transaction}
                isCurrencyHidden={isCurrencyHidden}
              />
            ))}
        </ul>
      )}
    </Card>
  );
}

/** Fee and excise stand in the row of what they were charged for; an account's own list shows them one by one, with its balances. */
function withoutCharges(transactions: Transaction[]): Transaction[] {
  const charged = new Set(transactions.filter((one) => /[1-9]/.test(one.fee)).map((one) => one.reference));
  return transactions.filter((one) => !((one.type === 'fee' || one.type === 'excise') && charged.has(one.reference)));
}

function RecentRow({ transaction, isCurrencyHidden }: { transaction: Transaction; isCurrencyHidden: boolean }) {
  const text = useMessages();
  const detail = transactionDetail(transaction, text);
  const charges =
    transaction.direction === 'debit' ? sumAmounts([transaction.fee, transaction.excise], transaction.currency) : '0';
  return (
    <li>
      <Link
        to={href('/transactions/:transactionId', { transactionId: transaction.transactionId })}
        className="flex min-h-18 items-center gap-4 px-5 py-3 transition-colors hover:bg-sunken"
      >
        <TransactionIcon transaction={transaction} />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{transactionTitle(transaction, text)}</span>
          <span className="block truncate text-sm text-muted">
            <DateText at={transaction.postedAt} form="relative" />
            {detail !== '' && ` · ${detail}`}
          </span>
        </span>
        <span className="text-right">
          <MoneyText
            amount={transaction.amount}
            currency={transaction.currency}
            direction={transaction.direction}
            isCurrencyHidden={isCurrencyHidden}
            className="font-semibold"
          />
          {/[1-9]/.test(charges) && (
            <span className="block text-sm text-muted">{text.overview.charges(formatAmount(charges, transaction.currency))}</span>
          )}
        </span>
      </Link>
    </li>
  );
}
