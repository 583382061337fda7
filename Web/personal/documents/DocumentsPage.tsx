import { type FormEvent, useState } from 'react';
import type { Account } from '../../lib/api';
import { formatAccountNumber, formatMonth, nairobiDay } from '../../lib/format';
import { useLanguage } from '../../lib/i18n';
import { usePagedQuery, useQuery } from '../../lib/query';
import { replaceSearch, useSearch } from '../../lib/router';
import { Banner } from '../../ui/Banner';
import { Button, IconButton } from '../../ui/Button';
import { Card, CardTitle } from '../../ui/Card';
import { DateInput } from '../../ui/DateInput';
import { EmptyState } from '../../ui/EmptyState';
import { Field } from '../../ui/Field';
import { MoneyText } from '../../ui/MoneyText';
import { PageHeader } from '../../ui/PageHeader';
import { Select } from '../../ui/Select';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { useMessages } from '../messages';
import { accountTitle, inOrderOfUse } from '../shared/accounts';
import { download } from '../shared/download';
import { LoadFailure } from '../shared/LoadFailure';
import { type Period, rangeOf } from '../shared/periods';
import { useProblems } from '../shared/problems';
import { Certificates } from './Certificates';
import { useDocumentMessages } from './messages';
import { useFetching } from './useFetching';

type Format = 'pdf' | 'csv' | 'json' | 'camt.053' | 'mt940';
const formats: readonly Format[] = ['pdf', 'csv', 'camt.053', 'mt940', 'json'];
const endings: Record<Format, string> = { pdf: 'pdf', csv: 'csv', json: 'json', 'camt.053': 'xml', mt940: 'sta' };

function fetchStatement(account: Account, range: { from: string; to: string }, format: Format): Promise<void> {
  return download(
    'GET /customer-portal/accounts/{account}/statement',
    { path: { account: account.accountNumber }, query: { ...range, format } },
    `wekeza-${account.accountNumber}-${range.from}-${range.to}.${endings[format]}`,
  );
}

/** Everything on paper about one account: statements of any period, the monthly ones, certificates. */
export default function DocumentsPage() {
  const text = useDocumentMessages();
  const shared = useMessages();
  const { data, error, refetch } = useQuery('GET /customer-portal/accounts', { query: { limit: 200 } });
  const wanted = useSearch().get('account');
  const accounts = inOrderOfUse(data?.items ?? []);
  const account = accounts.find((one) => one.accountNumber === wanted) ?? accounts[0];
  return (
    <>
      <PageHeader title={text.title} lead={text.lead} />
      {account !== undefined ? (
        <div className="flex flex-col gap-6">
          <Card>
            <Field label={text.account}>
              <Select value={account.accountNumber} onChange={(event) => replaceSearch({ account: event.target.value })}>
                {accounts.map((one) => (
                  <option key={one.id} value={one.accountNumber}>
                    {`${accountTitle(one, shared)} · ${formatAccountNumber(one.accountNumber)} · ${one.currency}`}
                  </option>
                ))}
              </Select>
            </Field>
          </Card>
          <div key={account.id} className="grid grid-cols-1 items-start gap-6 lg:grid-cols-2">
            <Statement account={account} />
            <Monthly account={account} />
            <div className="lg:col-span-2">
              <Certificates account={account} />
            </div>
          </div>
        </div>
      ) : data !== undefined ? (
        <Card>
          <EmptyState icon="file-text" title={text.noAccounts}>
            {text.noAccountsDetail}
          </EmptyState>
        </Card>
      ) : error !== null ? (
        <LoadFailure problem={error} onRetry={refetch} />
      ) : (
        <Waiting className="space-y-6">
          <Skeleton className="h-28 rounded-card" />
          <Skeleton className="h-80 rounded-card" />
        </Waiting>
      )}
    </>
  );
}

function Statement({ account }: { account: Account }) {
  const text = useDocumentMessages();
  const shared = useMessages();
  const problems = useProblems();
  const today = nairobiDay(new Date());
  const [period, setPeriod] = useState<Period>('thisMonth');
  const [range, setRange] = useState(rangeOf('thisMonth', today));
  const [format, setFormat] = useState<Format>('pdf');
  const fetching = useFetching();
  const choose = (next: Period) => {
    setPeriod(next);
    if (next !== 'other') setRange(rangeOf(next, today));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void fetching.run('statement', () => fetchStatement(account, range, format));
  };
  const failure = problems.unlessShown(fetching.problem, 'from', 'to');
  return (
    <Card>
      <CardTitle>{text.statement}</CardTitle>
      <form noValidate onSubmit={submit} className="flex flex-col gap-5">
        <p className="text-muted">{text.statementLead}</p>
        {failure !== null && <Banner tone="danger">{failure}</Banner>}
        <Field label={shared.statement.period}>
          <Select value={period} onChange={(event) => choose(event.target.value as Period)}>
            <option value="thisMonth">{shared.statement.thisMonth}</option>
            <option value="lastMonth">{shared.statement.lastMonth}</option>
            <option value="lastThreeMonths">{shared.statement.lastThreeMonths}</option>
            <option value="thisYear">{shared.statement.thisYear}</option>
            <option value="other">{shared.statement.other}</option>
          </Select>
        </Field>
        {period === 'other' && (
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label={shared.statement.from} error={problems.field(fetching.problem, 'from')}>
              <DateInput value={range.from} max={today} onChange={(from) => setRange({ ...range, from })} />
            </Field>
            <Field label={shared.statement.to} error={problems.field(fetching.problem, 'to')}>
              <DateInput value={range.to} max={today} onChange={(to) => setRange({ ...range, to })} />
            </Field>
          </div>
        )}
        <Field label={shared.statement.format}>
          <Select value={format} onChange={(event) => setFormat(event.target.value as Format)}>
            {formats.map((one) => (
              <option key={one} value={one}>
                {text.formats[one]}
              </option>
            ))}
          </Select>
        </Field>
        <Button type="submit" icon="download" isBusy={fetching.busy !== null}>
          {text.download}
        </Button>
      </form>
    </Card>
  );
}

function Monthly({ account }: { account: Account }) {
  const text = useDocumentMessages();
  const shared = useMessages();
  const language = useLanguage();
  const problems = useProblems();
  const { items, error, refetch, hasMore, loadMore, isLoadingMore } = usePagedQuery(
    'GET /customer-portal/accounts/{account}/statements',
    { path: { account: account.accountNumber }, query: { limit: 12 } },
  );
  const fetching = useFetching();
  return (
    <Card isFlush className="min-w-0">
      <div className="p-5 pb-0 sm:p-6 sm:pb-0">
        <CardTitle>{text.monthly}</CardTitle>
        <p className="mb-3 text-muted">{text.monthlyLead}</p>
        {fetching.problem !== null && <Banner tone="danger">{problems.of(fetching.problem)}</Banner>}
      </div>
      {items !== undefined ? (
        items.length === 0 ? (
          <p className="px-5 pb-6 sm:px-6">{text.monthlyEmpty}</p>
        ) : (
          <>
            <ul className="divide-y divide-line pb-2">
              {items.map((statement) => (
                <li key={statement.statementNumber} className="flex items-center justify-between gap-3 px-5 py-2.5 sm:px-6">
                  <span className="min-w-0">
                    <span className="block font-medium">{formatMonth(statement.fromDate, language)}</span>
                    <span className="block text-sm text-muted">
                      {text.closing} <MoneyText amount={statement.closingBalance} currency={statement.currency} />
                      {' · '}
                      {text.entries(statement.entryCount)}
                    </span>
                  </span>
                  <IconButton
                    icon="download"
                    label={text.downloadOf(formatMonth(statement.fromDate, language))}
                    disabled={fetching.busy !== null}
                    onClick={() =>
                      void fetching.run(statement.statementNumber, () =>
                        fetchStatement(account, { from: statement.fromDate, to: statement.toDate }, 'pdf'),
                      )
                    }
                  />
                </li>
              ))}
            </ul>
            {hasMore && (
              <div className="border-t border-line p-4 text-center">
                <Button kind="secondary" isBusy={isLoadingMore} onClick={loadMore}>
                  {shared.common.more}
                </Button>
              </div>
            )}
          </>
        )
      ) : error !== null ? (
        <LoadFailure problem={error} onRetry={refetch} />
      ) : (
        <Skeleton className="m-6 h-40" />
      )}
    </Card>
  );
}
