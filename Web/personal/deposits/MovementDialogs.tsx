import { type FormEvent, useState } from 'react';
import type { Deposit } from '../../lib/api';
import { compareAmounts, formatDate, formatMoney } from '../../lib/format';
import { useLanguage } from '../../lib/i18n';
import { invalidate, useMutation, useQuery } from '../../lib/query';
import { completedAmount } from '../../ui/amountEntry';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { MoneyInput } from '../../ui/MoneyInput';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { AccountChoice } from '../shared/AccountChoice';
import { canPay, inOrderOfUse } from '../shared/accounts';
import { useProblems } from '../shared/problems';
import { useDepositMessages } from './messages';

function refresh(): void {
  invalidate('/customer-portal/');
  invalidate('/deposits');
}

/** A part of a term deposit at once, of a call deposit by notice. */
export function WithdrawalDialog({ deposit, onClose }: { deposit: Deposit; onClose: () => void }) {
  const text = useDepositMessages();
  const shared = useMessages();
  const language = useLanguage();
  const problems = useProblems();
  const isCall = deposit.depositType === 'callDeposit';
  const withdraw = useMutation('POST /deposits/term-deposits/{depositId}/withdrawals');
  const notice = useMutation('POST /deposits/call-deposits/{depositId}/withdrawals');
  const product = useQuery('GET /products/{productCode}', { path: { productCode: deposit.productCode } });
  const { error, isRunning } = isCall ? notice : withdraw;
  const [amount, setAmount] = useState('');
  const [isTried, setTried] = useState(false);
  const complete = completedAmount(amount, deposit.currency);
  const local = !/[1-9]/.test(amount)
    ? text.amountMissing
    : compareAmounts(complete, deposit.principalAmount, deposit.currency) > 0
      ? text.amountTooLarge(formatMoney(deposit.principalAmount, deposit.currency))
      : null;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (local !== null || isRunning) return;
    const input = { path: { depositId: deposit.depositId }, body: { amount: complete, currency: deposit.currency } };
    if (isCall) {
      const reply = await notice.run(input);
      if (reply === undefined) return;
      showToast(text.noticeGiven(formatMoney(reply.amount, reply.currency), formatDate(reply.payableDate, language)));
    } else {
      const reply = await withdraw.run(input);
      if (reply === undefined) return;
      showToast(text.withdrawn(formatMoney(reply.amount, reply.currency)));
    }
    refresh();
    onClose();
  };
  const isOfAmount = error !== null && (error.fieldErrors['amount'] !== undefined || error.code === 'below_minimum');
  const refusal = error === null ? null : (text.problems[error.code] ?? problems.of(error));
  const minimum = product.data?.deposit?.minAmount;
  return (
    <Dialog
      title={isCall ? text.noticeTitle : text.withdrawTitle}
      isOpen
      onClose={onClose}
      isLocked={isRunning}
      footer={
        <>
          <Button kind="secondary" onClick={onClose} disabled={isRunning}>
            {shared.common.cancel}
          </Button>
          <Button type="submit" form="withdrawal" isBusy={isRunning}>
            {isCall ? text.noticeConfirm : text.withdrawConfirm}
          </Button>
        </>
      }
    >
      <form id="withdrawal" noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-5">
        {refusal !== null && !isOfAmount && <Banner tone="danger">{refusal}</Banner>}
        <p className="text-muted">
          {isCall
            ? text.noticeLead(deposit.noticePeriodDays ?? 0)
            : minimum !== undefined && text.withdrawLead(formatMoney(minimum, deposit.currency))}
        </p>
        <Field
          label={text.amount}
          error={isOfAmount ? refusal : isTried ? local : null}
          action={
            isCall && (
              <Button kind="quiet" className="px-2 py-1 text-sm" onClick={() => setAmount(deposit.principalAmount)}>
                {text.noticeAll}
              </Button>
            )
          }
        >
          <MoneyInput
            name="amount"
            isLarge
            value={amount}
            currency={deposit.currency}
            onChange={(next) => {
              if (next === amount) return;
              setAmount(next);
              withdraw.reset();
              notice.reset();
            }}
          />
        </Field>
      </form>
    </Dialog>
  );
}

/** The next installment, from an account of one's choice. */
export function InstallmentDialog({ deposit, onClose }: { deposit: Deposit; onClose: () => void }) {
  const text = useDepositMessages();
  const shared = useMessages();
  const problems = useProblems();
  const accounts = useQuery('GET /customer-portal/accounts', { query: { limit: 200 } });
  const pay = useMutation('POST /deposits/recurring-deposits/{depositId}/installments');
  const payers = inOrderOfUse(accounts.data?.items ?? []).filter((one) => canPay(one) && one.currency === deposit.currency);
  const [chosen, setChosen] = useState('');
  const usual = payers.find((one) => one.id === deposit.fromAccountId) ?? payers[0];
  const from = chosen || (usual?.accountNumber ?? '');
  const amount = deposit.monthlyInstallment ?? '0';
  const submit = async () => {
    const reply = await pay.run({
      path: { depositId: deposit.depositId },
      body: { fromAccountNumber: from, amount, currency: deposit.currency },
    });
    if (reply === undefined) return;
    refresh();
    showToast(text.installmentPaid);
    onClose();
  };
  return (
    <Dialog
      title={text.installmentTitle}
      isOpen
      onClose={onClose}
      isLocked={pay.isRunning}
      footer={
        <>
          <Button kind="secondary" onClick={onClose} disabled={pay.isRunning}>
            {shared.common.cancel}
          </Button>
          <Button isBusy={pay.isRunning} onClick={() => void submit()}>
            {text.installmentConfirm(formatMoney(amount, deposit.currency))}
          </Button>
        </>
      }
    >
      <AccountChoice
        label={text.from}
        accounts={payers}
        value={from}
        onChange={setChosen}
        error={pay.error === null ? null : (text.problems[pay.error.code] ?? problems.of(pay.error))}
      />
    </Dialog>
  );
}
