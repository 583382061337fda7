import { type FormEvent, useState } from 'react';
import { invalidate, useMutation } from '../../lib/query';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { CodeInput } from '../../ui/CodeInput';
import { Dialog } from '../../ui/Dialog';
import { Field, PasswordInput } from '../../ui/Field';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { useProblems } from '../shared/problems';

/** Giving the second factor up takes both: the password and a code. */
export default function DisableDialog({ onClose }: { onClose: () => void }) {
  const text = useMessages();
  const problems = useProblems();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [isTried, setIsTried] = useState(false);
  const disable = useMutation('POST /authentication/mfa/disable');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (password === '' || code.length < 6) return;
    if ((await disable.run({ body: { password, code } })) === undefined) {
      setCode('');
      return;
    }
    invalidate('/authentication/mfa');
    showToast(text.security.disabled);
    onClose();
  };
  const passwordCode = disable.error?.fieldErrors['password']?.code;
  const isCodeWrong = disable.error?.code === 'invalid_code';
  const failure = isCodeWrong ? null : problems.unlessShown(disable.error, 'password', 'code');
  return (
    <Dialog
      title={text.security.disableTitle}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button kind="secondary" onClick={onClose}>
            {text.common.cancel}
          </Button>
          <Button kind="danger" type="submit" form="disable-second-factor" isBusy={disable.isRunning}>
            {text.security.disable}
          </Button>
        </>
      }
    >
      <form id="disable-second-factor" onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-5">
        <p className="text-pretty text-muted">{text.security.disableDetail}</p>
        {failure !== null && <Banner tone="danger">{failure}</Banner>}
        <Field
          label={text.signIn.password}
          error={
            passwordCode
              ? (text.passwordFields[passwordCode] ?? problems.field(disable.error, 'password'))
              : isTried && password === ''
                ? text.signIn.passwordMissing
                : null
          }
        >
          <PasswordInput
            autoComplete="current-password"
            maxLength={128}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        <Field
          label={text.stepUp.totp}
          error={
            isCodeWrong
              ? text.secondFactor.wrong
              : (problems.field(disable.error, 'code') ??
                (isTried && code.length < 6 && !disable.isRunning ? text.secondFactor.codeMissing : null))
          }
        >
          <CodeInput value={code} onChange={setCode} />
        </Field>
      </form>
    </Dialog>
  );
}
