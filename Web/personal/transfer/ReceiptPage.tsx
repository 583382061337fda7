import { lazy, Suspense, useState } from 'react';
import type { Transaction } from '../../lib/api';
import { formatDateTime, formatMoney, sumAmounts } from '../../lib/format';
import { useLanguage } from '../../lib/i18n';
import { useQuery } from '../../lib/query';
import { href, usePlace, useTitle } from '../../lib/router';
import { Badge } from '../../ui/Banner';
import { Button, LinkButton } from '../../ui/Button';
import { DateText } from '../../ui/DateText';
import { type Detail, Receipt } from '../../ui/Details';
import { Icon } from '../../ui/Icon';
import { MoneyText } from '../../ui/MoneyText';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { AccountNumber } from '../shared/accounts';
import { download } from '../shared/download';
import { LoadFailure } from '../shared/LoadFailure';
import { statusTones, transactionTitle } from '../shared/transactions';

const BeneficiaryDialog = lazy(() =>
  import('../beneficiaries/BeneficiaryDialog').then((module) => ({ default: module.BeneficiaryDialog })),
);

/** One transaction as a receipt: right after sending, and whenever it is looked up. */
export default function ReceiptPage({ transactionId }: { transactionId: string }) {
  const text = useMessages();
  const { data, error, refetch } = useQuery('GET /customer-portal/transactions/{transactionId}', { path: { transactionId } });
  return (
    <div className="mx-auto max-w-2xl">
      {data !== undefined ? (
        <Content transaction={data} />
      ) : (
        <>
          <PageHeader title={text.transfer.receiptTitle} />
          {error !== null ? (
            <LoadFailure problem={error} onRetry={refetch} />
          ) : (
            <Waiting>
              <Skeleton className="h-128 rounded-card" />
            </Waiting>
          )}
        </>
      )}
    </div>
  );
}

function Content({ transaction }: { transaction: Transaction }) {
  const text = useMessages();
  const language = useLanguage();
  const isJustSent = (usePlace().state as { isJustSent?: boolean } | null)?.isJustSent === true;
  const isDebit = transaction.direction === 'debit';
  const canRepeat = isDebit && transaction.type === 'transfer' && /^\d{13}$/.test(transaction.counterpartyAccountNumber ?? '');
  const hasFee = isDebit && /[1-9]/.test(transaction.fee);
  const name = transactionTitle(transaction, text);
  useTitle(`${text.transfer.receiptTitle} ${transaction.reference}`);
  const items: (Detail | null)[] = [
    transaction.counterpartyAccountNumber
      ? {
          label: isDebit ? text.transfer.recipient : text.transfer.sender,
          value: (
            <>
              <span className="block">{name}</span>
              <span className="block text-sm font-normal text-muted">
                <AccountNumber number={transaction.counterpartyAccountNumber} />
              </span>
            </>
          ),
        }
      : null,
    { label: isDebit ? text.transfer.from : text.transfer.to, value: <AccountNumber number={transaction.accountNumber} /> },
    { label: text.transfer.kindOf, value: text.transactions.types[transaction.type] },
    transaction.narration ? { label: text.transfer.narration, value: transaction.narration } : null,
    isDebit && /[1-9]/.test(transaction.fee)
      ? { label: text.transfer.fee, value: <MoneyText amount={transaction.fee} currency={transaction.currency} /> }
      : null,
    isDebit && /[1-9]/.test(transaction.excise)
      ? { label: text.transfer.excise, value: <MoneyText amount={transaction.excise} currency={transaction.currency} /> }
      : null,
    hasFee
      ? {
          label: text.transfer.totalTaken,
          value: (
            <MoneyText
              amount={sumAmounts([transaction.amount, transaction.fee, transaction.excise], transaction.currency)}
              currency={transaction.currency}
            />
          ),
        }
      : {
          label: text.transfer.balanceAfter,
          value: <MoneyText amount={transaction.balanceAfter} currency={transaction.currency} />,
        },
    { label: text.transfer.date, value: formatDateTime(transaction.postedAt, language) },
    { label: text.transfer.valueDate, value: <DateText at={transaction.valueDate} /> },
    { label: text.common.reference, value: <span className="tabular-nums">{transaction.reference}</span> },
  ];
  return (
    <>
      {!isJustSent && <BackLink transaction={transaction} />}
      <Receipt
        head={
          <>
            <span className="flex size-14 items-center justify-center rounded-full bg-success text-surface">
              <Icon name={isDebit ? 'check' : 'arrow-down-left'} size={28} />
            </span>
            <h1 tabIndex={-1} className="mt-3 text-xl font-semibold wrap-anywhere">
              {isJustSent ? text.transfer.sent : name}
            </h1>
            {isJustSent && <p className="text-muted wrap-anywhere">{text.transfer.sentTo(name)}</p>}
            {transaction.status !== 'completed' && (
              <Badge tone={statusTones[transaction.status] ?? 'neutral'}>{text.transactions.status[transaction.status]}</Badge>
            )}
          </>
        }
        amount={<MoneyText amount={transaction.amount} currency={transaction.currency} direction={transaction.direction} />}
        items={items}
        footer={<Actions transaction={transaction} canRepeat={canRepeat} />}
      />
      <p className="sr-only" role="status">
        {isJustSent &&
          `${text.transfer.sent}: ${formatMoney(transaction.amount, transaction.currency)} ${text.transfer.sentTo(name)}`}
      </p>
      {isJustSent && canRepeat && <SaveBeneficiary accountNumber={transaction.counterpartyAccountNumber ?? ''} />}
      {isJustSent && (
        <div className="mt-6 text-center print:hidden">
          <LinkButton to="/" kind="quiet">
            {text.common.toOverview}
          </LinkButton>
        </div>
      )}
    </>
  );
}

/** Offered right after sending to somebody who is neither saved nor oneself. */
function SaveBeneficiary({ accountNumber }: { accountNumber: string }) {
  const text = useMessages();
  const [isOpen, setIsOpen] = useState(false);
  const beneficiaries = useQuery('GET /customer-portal/beneficiaries', { query: { limit: 200 } });
  const accounts = useQuery('GET /customer-portal/accounts', { query: { limit: 200 } });
  if (beneficiaries.data === undefined || accounts.data === undefined) return null;
  const isKnown = [...beneficiaries.data.items, ...accounts.data.items].some((one) => one.accountNumber === accountNumber);
  if (isKnown) return null;
  return (
    <div className="mt-6 text-center print:hidden">
      <Button kind="secondary" icon="plus" onClick={() => setIsOpen(true)}>
        {text.transfer.saveBeneficiary}
      </Button>
      {isOpen && (
        <Suspense fallback={null}>
          <BeneficiaryDialog beneficiary={null} accountNumber={accountNumber} onClose={() => setIsOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

function BackLink({ transaction }: { transaction: Transaction }) {
  const text = useMessages();
  return (
    <div className="mb-2 print:hidden">
      <LinkButton
        to={href('/accounts/:account', { account: transaction.accountNumber })}
        kind="quiet"
        icon="arrow-left"
        className="-ml-3 px-3"
      >
        {text.accounts.transactions}
      </LinkButton>
    </div>
  );
}

function Actions({ transaction, canRepeat }: { transaction: Transaction; canRepeat: boolean }) {
  const text = useMessages();
  const [isBusy, setIsBusy] = useState(false);
  const savePDF = async () => {
    setIsBusy(true);
    try {
      await download(
        'GET /customer-portal/transactions/{transactionId}/receipt',
        { path: { transactionId: transaction.transactionId }, query: { format: 'pdf' } },
        `wekeza-${transaction.reference}.pdf`,
      );
    } catch {
      showToast(text.transfer.pdfFailed, 'danger');
    } finally {
      setIsBusy(false);
    }
  };
  const repeat = new URLSearchParams({
    from: transaction.accountNumber,
    to: transaction.counterpartyAccountNumber ?? '',
    amount: transaction.amount,
    ...(transaction.narration ? { narration: transaction.narration } : {}),
  });
  return (
    <div className="flex flex-wrap justify-center gap-3 print:hidden">
      <Button kind="secondary" icon="download" isBusy={isBusy} onClick={() => void savePDF()} className="max-sm:w-full">
        {text.transfer.savePDF}
      </Button>
      {canRepeat && (
        <>
          <LinkButton to={`/transfer?${repeat}`} kind="secondary" icon="repeat" className="max-sm:w-full">
            {text.transfer.again}
          </LinkButton>
          <LinkButton to={`/standing-orders/new?${repeat}`} kind="quiet" icon="calendar-sync" className="max-sm:w-full">
            {text.transfer.makeStanding}
          </LinkButton>
        </>
      )}
    </div>
  );
}
