import { useState } from 'react';
import type { Account, Deposit } from '../../lib/api';
import { invalidate, useMutation } from '../../lib/query';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { RadioCards, Select } from '../../ui/Select';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { accountTitle, canPay, inOrderOfUse } from '../shared/accounts';
import { useProblems } from '../shared/problems';
import type { Instruction } from './draft';
import { useDepositMessages } from './messages';

/** What becomes of the money at maturity, and into which account it goes. */
export function InstructionDialog({
  deposit,
  accounts,
  onClose,
}: {
  deposit: Deposit;
  accounts: Account[];
  onClose: () => void;
}) {
  const text = useDepositMessages();
  const shared = useMessages();
  const problems = useProblems();
  const change = useMutation('PUT /deposits/{depositId}/maturity-instruction');
  const [instruction, setInstruction] = useState<Instruction>(deposit.maturityInstruction);
  const [payout, setPayout] = useState(deposit.payoutAccountId);
  const payouts = inOrderOfUse(accounts).filter((one) => canPay(one) && one.currency === deposit.currency);
  const submit = async () => {
    const reply = await change.run({
      path: { depositId: deposit.depositId },
      body: { instruction, payoutAccountId: payout, version: deposit.version },
    });
    if (reply === undefined) {
      invalidate('/deposits');
      return;
    }
    invalidate('/deposits');
    invalidate('/customer-portal/deposits');
    showToast(text.instructionSaved);
    onClose();
  };
  const { error } = change;
  const failure =
    error !== null && !error.fieldErrors['payoutAccountId'] ? (text.problems[error.code] ?? problems.of(error)) : null;
  return (
    <Dialog
      title={text.instructionTitle}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button kind="secondary" onClick={onClose}>
            {shared.common.cancel}
          </Button>
          <Button isBusy={change.isRunning} onClick={() => void submit()}>
            {shared.common.save}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-5">
        {failure !== null && <Banner tone="danger">{failure}</Banner>}
        <RadioCards<Instruction>
          legend={text.instruction}
          value={instruction}
          onChange={setInstruction}
          options={(['payOut', 'renewPrincipal', 'renewAll'] as const).map((value) => ({
            value,
            title: text.instructions[value],
          }))}
        />
        <Field label={text.payout} error={problems.field(error, 'payoutAccountId')}>
          <Select value={payout} onChange={(event) => setPayout(event.target.value)}>
            {payouts.map((one) => (
              <option key={one.id} value={one.id}>
                {`${accountTitle(one, shared)} · ${one.accountNumber}`}
              </option>
            ))}
          </Select>
        </Field>
      </div>
    </Dialog>
  );
}
