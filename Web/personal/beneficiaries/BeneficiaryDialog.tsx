import { type FormEvent, useRef, useState } from 'react';
import type { Beneficiary } from '../../lib/api';
import { invalidate, useMutation } from '../../lib/query';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Field, TextInput } from '../../ui/Field';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { useProblems } from '../shared/problems';
import { StepUpDialog } from '../shared/StepUpDialog';
import { useFocusOnError } from '../shared/useFocusOnError';
import { RecipientField, useLookup } from '../transfer/RecipientField';

/** A new beneficiary, or another name or number for a known one. Both need the second factor: whoever may add a payee may pay it. */
export function BeneficiaryDialog({
  beneficiary,
  accountNumber = '',
  onClose,
}: {
  beneficiary: Beneficiary | null;
  accountNumber?: string;
  onClose: () => void;
}) {
  const text = useMessages();
  const problems = useProblems();
  const form = useRef<HTMLFormElement>(null);
  const [nickname, setNickname] = useState(beneficiary?.nickname ?? '');
  const [number, setNumber] = useState(beneficiary?.accountNumber ?? accountNumber);
  const [attempts, setAttempts] = useState(0);
  const [isDismissed, setDismissed] = useState(false);
  const create = useMutation('POST /customer-portal/beneficiaries');
  const change = useMutation('PUT /customer-portal/beneficiaries/{beneficiaryId}');
  const running = beneficiary === null ? create : change;
  const lookup = useLookup(number);
  useFocusOnError(form, `${attempts} ${running.error?.code ?? ''}`);
  const isTried = attempts > 0;
  const nicknameError =
    isTried && nickname.trim() === '' ? text.beneficiaries.nicknameMissing : problems.field(running.error, 'nickname');
  const numberError =
    isTried && number === ''
      ? text.transfer.accountNumberMissing
      : isTried && number.length < 13
        ? text.transfer.accountNumberIncomplete(13 - number.length)
        : running.error?.code === 'duplicate_beneficiary'
          ? text.beneficiaries.duplicate
          : problems.field(running.error, 'accountNumber');

  const save = async (stepUpToken?: string) => {
    const name = lookup.recipient?.displayName ?? beneficiary?.beneficiaryName;
    if (name === undefined || running.isRunning) return;
    setDismissed(false);
    const body = { nickname: nickname.trim(), beneficiaryName: name, kind: 'internal', accountNumber: number } as const;
    const reply =
      beneficiary === null
        ? await create.run({ body }, { stepUpToken })
        : await change.run(
            { path: { beneficiaryId: beneficiary.beneficiaryId }, body: { ...body, version: beneficiary.version } },
            { stepUpToken },
          );
    if (reply === undefined) return;
    invalidate('/customer-portal/beneficiaries');
    showToast(beneficiary === null ? text.beneficiaries.added(body.nickname) : text.beneficiaries.changed(body.nickname));
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAttempts((count) => count + 1);
    if (nickname.trim() !== '' && number.length === 13 && lookup.error === null) void save();
  };
  const failure =
    running.error?.code === 'duplicate_beneficiary' ? null : problems.unlessShown(running.error, 'nickname', 'accountNumber');
  const isAsking = running.error?.code === 'step_up_required' && !isDismissed;
  return (
    <>
      <Dialog
        title={beneficiary === null ? text.beneficiaries.addTitle : text.beneficiaries.editTitle}
        isOpen={!isAsking}
        onClose={onClose}
        footer={
          <>
            <Button kind="secondary" onClick={onClose}>
              {text.common.cancel}
            </Button>
            <Button type="submit" form="beneficiary" isBusy={running.isRunning}>
              {beneficiary === null ? text.beneficiaries.add : text.common.save}
            </Button>
          </>
        }
      >
        <form id="beneficiary" ref={form} onSubmit={submit} noValidate className="flex flex-col gap-5">
          {failure !== null && <Banner tone="danger">{failure}</Banner>}
          <Field label={text.beneficiaries.nickname} hint={text.beneficiaries.nicknameHint} error={nicknameError}>
            <TextInput autoComplete="off" maxLength={50} value={nickname} onChange={(event) => setNickname(event.target.value)} />
          </Field>
          <RecipientField number={number} onChange={setNumber} lookup={lookup} error={numberError} beneficiaries={[]} />
        </form>
      </Dialog>
      <StepUpDialog
        problem={isDismissed ? null : running.error}
        isRepeating={running.isRunning}
        onCancel={() => setDismissed(true)}
        onToken={(token) => void save(token)}
      />
    </>
  );
}
