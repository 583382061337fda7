import { lazy, type ReactNode, Suspense, useState } from 'react';
import type { Account } from '../../lib/api';
import { useQuery } from '../../lib/query';
import { replaceSearch, useSearch } from '../../lib/router';
import { Badge, Banner } from '../../ui/Banner';
import { Button, IconButton, LinkButton } from '../../ui/Button';
import { classes } from '../../ui/classes';
import { DateText } from '../../ui/DateText';
import { Weave } from '../../ui/Logo';
import { amountSize, MoneyText } from '../../ui/MoneyText';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { AccountNumber, accountTitle, canPay } from '../shared/accounts';
import { LoadFailure } from '../shared/LoadFailure';
import { TransactionList } from './TransactionList';

const StatementDialog = lazy(() => import('./StatementDialog'));

export default function AccountPage({ account: number }: { account: string }) {
  const text = useMessages();
  const { data, error, refetch } = useQuery('GET /customer-portal/accounts/{account}', { path: { account: number } });
  const back = { to: '/accounts', label: text.accounts.back };
  if (data === undefined) {
    return (
      <>
        <PageHeader title={text.accounts.title} back={back} />
        {error !== null ? (
          <LoadFailure problem={error} onRetry={refetch} />
        ) : (
          <Waiting className="space-y-6">
            <Skeleton className="h-52 rounded-card" />
            <Skeleton className="h-96 rounded-card" />
          </Waiting>
        )}
      </>
    );
  }
  return (
    <>
      <PageHeader title={accountTitle(data, text)} back={back} />
      <Summary account={data} />
      <TransactionList account={data} />
    </>
  );
}

function Summary({ account }: { account: Account }) {
  const text = useMessages();
  const isStatementOpen = useSearch().get('statement') === '1';
  const [hasOpened, setHasOpened] = useState(isStatementOpen);
  const setOpen = (isOpen: boolean) => {
    setHasOpened(true);
    replaceSearch({ ...Object.fromEntries(new URLSearchParams(location.search)), statement: isOpen ? '1' : undefined });
  };
  const copy = async () => {
    await navigator.clipboard.writeText(account.accountNumber);
    showToast(text.accounts.numberCopied);
  };
  const hasHold = /[1-9]/.test(account.holdAmount);
  const hasOverdraft = /[1-9]/.test(account.overdraftLimit);
  return (
    <>
      {account.status === 'frozen' && (
        <div className="mb-4">
          <Banner tone="warning">{text.accounts.frozenNotice}</Banner>
        </div>
      )}
      {account.status === 'dormant' && (
        <div className="mb-4">
          <Banner tone="warning">{text.accounts.dormantNotice}</Banner>
        </div>
      )}
      <section className="relative mb-8 overflow-hidden rounded-card bg-deep p-6 text-on-deep shadow-card sm:p-7">
        <Weave className="pointer-events-none absolute -bottom-44 -right-40 size-88 max-sm:-bottom-52 max-sm:-right-52" />
        <div className="relative">
          <p className="text-sm font-medium text-on-deep-muted">{text.accounts.balance}</p>
          <p className={classes('mt-1 font-semibold tracking-tight', amountSize(account.balance))}>
            <MoneyText amount={account.balance} currency={account.currency} />
          </p>
          <dl className="mt-3 flex flex-wrap gap-x-8 gap-y-2 text-sm">
            <Fact label={text.accounts.available}>
              <MoneyText amount={account.availableBalance} currency={account.currency} />
            </Fact>
            {hasHold && (
              <Fact label={text.accounts.held}>
                <MoneyText amount={account.holdAmount} currency={account.currency} />
              </Fact>
            )}
            {hasOverdraft && (
              <Fact label={text.accounts.overdraft}>
                <MoneyText amount={account.overdraftLimit} currency={account.currency} />
              </Fact>
            )}
            <Fact label={text.accounts.number}>
              <span className="inline-flex items-center">
                <AccountNumber number={account.accountNumber} />
                <IconButton icon="copy" label={text.accounts.copyNumber} isOnDeep className="-my-3" onClick={() => void copy()} />
              </span>
            </Fact>
            <Fact label={text.accounts.opened}>
              <DateText at={account.openedDate} />
            </Fact>
            {account.status !== 'active' && <Badge tone="warning">{text.accounts.status[account.status]}</Badge>}
          </dl>
          <div className="mt-6 flex flex-wrap gap-3">
            {canPay(account) && (
              <LinkButton to={`/transfer?from=${account.accountNumber}`} kind="onDeep" icon="send">
                {text.accounts.sendFrom}
              </LinkButton>
            )}
            <Button kind="outlineOnDeep" icon="file-text" onClick={() => setOpen(true)}>
              {text.accounts.statement}
            </Button>
          </div>
        </div>
      </section>
      {(isStatementOpen || hasOpened) && (
        <Suspense fallback={null}>
          <StatementDialog account={account} isOpen={isStatementOpen} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-on-deep-muted">{label}</dt>
      <dd className="font-semibold">{children}</dd>
    </div>
  );
}
