import type { Account } from '../../lib/api';
import { useQuery } from '../../lib/query';
import { href, Link } from '../../lib/router';
import { Badge } from '../../ui/Banner';
import { LinkButton } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { classes } from '../../ui/classes';
import { EmptyState } from '../../ui/EmptyState';
import { Icon } from '../../ui/Icon';
import { MoneyText } from '../../ui/MoneyText';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { useMessages } from '../messages';
import { AccountNumber, accountTitle, inOrderOfUse } from '../shared/accounts';
import { LoadFailure } from '../shared/LoadFailure';

export default function AccountsPage() {
  const text = useMessages();
  const { data, error, refetch } = useQuery('GET /customer-portal/accounts', { query: { limit: 200 } });
  return (
    <>
      <PageHeader
        title={text.accounts.title}
        lead={text.accounts.lead}
        action={
          <LinkButton to="/accounts/new" kind="secondary" icon="plus">
            {text.accounts.open}
          </LinkButton>
        }
      />
      {data !== undefined ? (
        data.items.length === 0 ? (
          <Card>
            <EmptyState
              icon="landmark"
              title={text.accounts.empty}
              action={<LinkButton to="/accounts/new">{text.accounts.open}</LinkButton>}
            >
              {text.accounts.emptyDetail}
            </EmptyState>
          </Card>
        ) : (
          <ul className="grid grid-cols-1 gap-4 md:grid-cols-2">
            {inOrderOfUse(data.items).map((account) => (
              <AccountCard key={account.id} account={account} />
            ))}
          </ul>
        )
      ) : error !== null ? (
        <LoadFailure problem={error} onRetry={refetch} />
      ) : (
        <Waiting className="grid grid-cols-1 gap-4 md:grid-cols-2">
          <Skeleton className="h-44 rounded-card" />
          <Skeleton className="h-44 rounded-card" />
        </Waiting>
      )}
    </>
  );
}

function AccountCard({ account }: { account: Account }) {
  const text = useMessages();
  const isSaving = account.accountType !== 'current';
  return (
    <li className="min-w-0">
      <Link
        to={href('/accounts/:account', { account: account.accountNumber })}
        className="flex h-full min-h-44 flex-col justify-between gap-6 rounded-card border border-line bg-surface p-5 shadow-card transition-colors hover:border-edge sm:p-6"
      >
        <span className="flex items-start gap-4">
          <span className="flex size-11 shrink-0 items-center justify-center rounded-full bg-brand-soft text-brand-text">
            <Icon name={isSaving ? 'sprout' : 'wallet'} size={20} />
          </span>
          <span className="min-w-0 flex-1">
            <span className="block truncate text-lg font-semibold">{accountTitle(account, text)}</span>
            <span className="block text-sm text-muted">
              <AccountNumber number={account.accountNumber} />
            </span>
          </span>
          {account.status !== 'active' && <Badge tone="warning">{text.accounts.status[account.status]}</Badge>}
        </span>
        <span>
          <span className={classes('block font-semibold tracking-tight', account.balance.length > 13 ? 'text-xl' : 'text-3xl')}>
            <MoneyText amount={account.balance} currency={account.currency} />
          </span>
          <span className="mt-0.5 block text-sm text-muted">
            {text.accounts.available}: <MoneyText amount={account.availableBalance} currency={account.currency} />
          </span>
        </span>
      </Link>
    </li>
  );
}
