import { type ReactNode, useState } from 'react';
import type { Account, Deposit } from '../../lib/api';
import { formatMoney } from '../../lib/format';
import type { ProblemError } from '../../lib/http';
import { useQuery } from '../../lib/query';
import { href, Link, usePlace } from '../../lib/router';
import { Badge, Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Card, CardTitle } from '../../ui/Card';
import { classes } from '../../ui/classes';
import { DateText } from '../../ui/DateText';
import { Details } from '../../ui/Details';
import { Weave } from '../../ui/Logo';
import { amountSize, MoneyText } from '../../ui/MoneyText';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { AccountNumber, accountTitle } from '../shared/accounts';
import { download } from '../shared/download';
import { LoadFailure } from '../shared/LoadFailure';
import { useProblems } from '../shared/problems';
import { CloseDialog } from './CloseDialog';
import { depositTones, isOpen } from './DepositsPage';
import { InstructionDialog } from './InstructionDialog';
import { InstallmentDialog, WithdrawalDialog } from './MovementDialogs';
import { useDepositMessages } from './messages';
import { shortRate } from './products';
import { Schedule } from './Schedule';

export default function DepositPage({ depositId }: { depositId: string }) {
  const text = useDepositMessages();
  const { data, error, refetch } = useQuery('GET /deposits/{depositId}', { path: { depositId } });
  const accounts = useQuery('GET /customer-portal/accounts', { query: { limit: 200 } });
  const isJustOpened = (usePlace().state as { isJustOpened?: boolean } | null)?.isJustOpened === true;
  const back = { to: '/deposits', label: text.back };
  if (data === undefined) {
    return (
      <>
        <PageHeader title={text.title} back={back} />
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
      <PageHeader title={text.types[data.depositType] ?? data.depositNumber} back={back} />
      {isJustOpened && (
        <div className="mb-6">
          <Banner tone="success" title={text.opened}>
            {text.openedDetail(data.depositNumber)}
          </Banner>
        </div>
      )}
      <Summary deposit={data} />
      <div className="grid grid-cols-1 items-start gap-6 lg:grid-cols-2">
        <Facts deposit={data} accounts={accounts.data?.items ?? []} />
        <div className="flex min-w-0 flex-col gap-6">
          {data.depositType === 'callDeposit' && isOpen(data) && <Notices deposit={data} />}
          {isOpen(data) && <Schedule deposit={data} />}
        </div>
      </div>
    </>
  );
}

type OpenDialog = 'close' | 'withdraw' | 'installment' | null;

function Summary({ deposit }: { deposit: Deposit }) {
  const text = useDepositMessages();
  const [dialog, setDialog] = useState<OpenDialog>(null);
  const close = () => setDialog(null);
  const isRunning = deposit.status === 'active';
  const isCall = deposit.depositType === 'callDeposit';
  const mayWithdraw = isRunning && (isCall || deposit.allowPartialWithdrawal === true);
  const mayPay =
    isRunning && deposit.depositType === 'recurringDeposit' && (deposit.installmentsPaid ?? 0) < (deposit.tenureInMonths ?? 0);
  return (
    <section className="relative mb-8 overflow-hidden rounded-card bg-deep p-6 text-on-deep shadow-card sm:p-7">
      <Weave className="pointer-events-none absolute -bottom-44 -right-40 size-88 max-sm:-bottom-52 max-sm:-right-52" />
      <div className="relative">
        <p className="flex flex-wrap items-center gap-3 text-sm font-medium text-on-deep-muted">
          {isOpen(deposit) ? text.principal : text.paidOut}
          <Badge tone={depositTones[deposit.status]}>{text.status[deposit.status]}</Badge>
        </p>
        <p className={classes('mt-1 font-semibold tracking-tight', amountSize(deposit.payout ?? deposit.principalAmount))}>
          <MoneyText amount={deposit.payout ?? deposit.principalAmount} currency={deposit.currency} />
        </p>
        <dl className="mt-3 flex flex-wrap gap-x-8 gap-y-2 text-sm">
          <Fact label={text.rate}>{text.ratePerYear(shortRate(deposit.interestRate))}</Fact>
          <Fact label={text.accrued}>
            <MoneyText amount={deposit.accruedInterest} currency={deposit.currency} />
          </Fact>
          {deposit.maturityDate && isOpen(deposit) && (
            <Fact label={text.maturesOn}>
              <DateText at={deposit.maturityDate} />
            </Fact>
          )}
          {deposit.closedDate && (
            <Fact label={text.paidOutOn}>
              <DateText at={deposit.closedDate} />
            </Fact>
          )}
          {deposit.depositType === 'recurringDeposit' && (
            <Fact label={text.scheduleTypes['installment'] ?? ''}>
              {text.installmentsPaid(deposit.installmentsPaid ?? 0, deposit.tenureInMonths ?? 0)}
            </Fact>
          )}
        </dl>
        {isOpen(deposit) && (
          <div className="mt-6 flex flex-wrap gap-3">
            {mayPay && (
              <Button kind="onDeep" icon="plus" onClick={() => setDialog('installment')}>
                {text.payInstallment}
              </Button>
            )}
            {mayWithdraw && (
              <Button kind="onDeep" icon="arrow-up-right" onClick={() => setDialog('withdraw')}>
                {isCall ? text.giveNotice : text.withdraw}
              </Button>
            )}
            <CertificateButton deposit={deposit} />
            <Button kind="outlineOnDeep" onClick={() => setDialog('close')}>
              {text.close}
            </Button>
          </div>
        )}
      </div>
      {dialog === 'close' && <CloseDialog deposit={deposit} onClose={close} />}
      {dialog === 'withdraw' && <WithdrawalDialog deposit={deposit} onClose={close} />}
      {dialog === 'installment' && <InstallmentDialog deposit={deposit} onClose={close} />}
    </section>
  );
}

/** The paper that says what is put aside and on which terms. */
function CertificateButton({ deposit }: { deposit: Deposit }) {
  const text = useDepositMessages();
  const problems = useProblems();
  const [isBusy, setBusy] = useState(false);
  const fetch = async () => {
    setBusy(true);
    try {
      await download(
        'GET /customer-portal/deposits/{depositId}/certificate',
        { path: { depositId: deposit.depositId } },
        `wekeza-deposit-${deposit.depositNumber}.pdf`,
      );
    } catch (error) {
      showToast(problems.of(error as ProblemError), 'danger');
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button kind="outlineOnDeep" icon="download" isBusy={isBusy} onClick={() => void fetch()}>
      {text.certificate}
    </Button>
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

function Facts({ deposit, accounts }: { deposit: Deposit; accounts: Account[] }) {
  const text = useDepositMessages();
  const shared = useMessages();
  const [isChanging, setChanging] = useState(false);
  const money = (amount: string) => <MoneyText amount={amount} currency={deposit.currency} />;
  const payout = accounts.find((one) => one.id === deposit.payoutAccountId);
  const hasEnd = Boolean(deposit.maturityDate);
  const isTimed = deposit.depositType === 'fixedDeposit' || deposit.depositType === 'termDeposit';
  const term = deposit.tenureInMonths
    ? text.months(deposit.tenureInMonths)
    : deposit.termInDays
      ? text.days(deposit.termInDays)
      : null;
  return (
    <Card>
      <Details
        items={[
          { label: text.number, value: deposit.depositNumber },
          { label: text.startDate, value: <DateText at={deposit.startDate} /> },
          term === null ? null : { label: text.term2, value: term },
          deposit.noticePeriodDays ? { label: text.notice, value: text.days(deposit.noticePeriodDays) } : null,
          deposit.monthlyInstallment ? { label: text.installment, value: money(deposit.monthlyInstallment) } : null,
          hasEnd && isOpen(deposit) ? { label: text.expectedInterest, value: money(deposit.expectedInterest) } : null,
          hasEnd && isOpen(deposit) ? { label: text.tax, value: <>−{money(deposit.withholdingTax)}</> } : null,
          hasEnd && isOpen(deposit) ? { label: text.maturityAmount, value: money(deposit.maturityAmount), isStrong: true } : null,
          isTimed && isOpen(deposit)
            ? {
                label: text.instruction,
                value: (
                  <>
                    <span className="block">{text.instructions[deposit.maturityInstruction]}</span>
                    {deposit.status === 'active' && (
                      <Button kind="quiet" className="-mr-3 px-3 py-1 text-sm" onClick={() => setChanging(true)}>
                        {text.changeInstruction}
                      </Button>
                    )}
                  </>
                ),
              }
            : null,
          payout === undefined
            ? null
            : {
                label: text.payout,
                value: (
                  <>
                    <span className="block">{accountTitle(payout, shared)}</span>
                    <span className="block text-sm font-normal text-muted">
                      <AccountNumber number={payout.accountNumber} />
                    </span>
                  </>
                ),
              },
          {
            label: text.account,
            value: (
              <Link
                to={href('/accounts/:account', { account: deposit.accountNumber })}
                className="inline-flex min-h-11 items-center text-brand-text underline underline-offset-4"
              >
                <AccountNumber number={deposit.accountNumber} />
              </Link>
            ),
          },
        ]}
      />
      {isOpen(deposit) && <p className="mt-2 text-sm text-muted">{text.accruedNote}</p>}
      {isChanging && <InstructionDialog deposit={deposit} accounts={accounts} onClose={() => setChanging(false)} />}
    </Card>
  );
}

function Notices({ deposit }: { deposit: Deposit }) {
  const text = useDepositMessages();
  const { data } = useQuery('GET /deposits/call-deposits/{depositId}/withdrawals', { path: { depositId: deposit.depositId } });
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Card>
      <CardTitle>{text.notices}</CardTitle>
      <Details
        items={data.items.map((notice) => ({
          label: <DateText at={notice.payableDate} />,
          value: formatMoney(notice.amount, notice.currency),
        }))}
      />
    </Card>
  );
}
