import { type FormEvent, useState } from 'react';
import { invalidate, useMutation } from '../../lib/query';
import { refreshUser } from '../../lib/session';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { CodeInput } from '../../ui/CodeInput';
import { Dialog } from '../../ui/Dialog';
import { Field, PasswordInput } from '../../ui/Field';
import { Checkbox } from '../../ui/Select';
import { Stepper } from '../../ui/Stepper';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { saveFile } from '../shared/download';
import { useProblems } from '../shared/problems';
import { QRCode } from './QRCode';

/** Password, app, recovery codes: three short steps, and the last one cannot be skipped by accident. */
export default function EnrolDialog({ onClose }: { onClose: () => void }) {
  const text = useMessages();
  const [enrolment, setEnrolment] = useState<{ secret: string; qrSvg?: string | null } | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const step = codes !== null ? 2 : enrolment !== null ? 1 : 0;
  return (
    <Dialog title={text.security.enrolTitle} isOpen onClose={onClose} isLocked={step === 2}>
      <div className="mb-6">
        <Stepper steps={[text.security.stepPassword, text.security.stepScan, text.security.stepCodes]} current={step} />
      </div>
      {codes !== null ? (
        <RecoveryCodes codes={codes} onClose={onClose} />
      ) : enrolment !== null ? (
        <ScanStep enrolment={enrolment} onConfirmed={setCodes} />
      ) : (
        <PasswordStep onEnrolled={setEnrolment} onCancel={onClose} />
      )}
    </Dialog>
  );
}

function PasswordStep({
  onEnrolled,
  onCancel,
}: {
  onEnrolled: (enrolment: { secret: string; qrSvg?: string | null }) => void;
  onCancel: () => void;
}) {
  const text = useMessages();
  const problems = useProblems();
  const [password, setPassword] = useState('');
  const [isTried, setIsTried] = useState(false);
  const enrol = useMutation('POST /authentication/mfa/enrol');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (password === '') return;
    const reply = await enrol.run({ body: { password } });
    if (reply !== undefined) onEnrolled(reply);
  };
  const code = enrol.error?.fieldErrors['password']?.code;
  const failure = problems.unlessShown(enrol.error, 'password');
  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-5">
      <p className="text-muted">{text.security.passwordLead}</p>
      {failure !== null && <Banner tone="danger">{failure}</Banner>}
      <Field
        label={text.signIn.password}
        error={
          code
            ? (text.passwordFields[code] ?? problems.field(enrol.error, 'password'))
            : isTried && password === ''
              ? text.signIn.passwordMissing
              : null
        }
      >
        <PasswordInput
          autoComplete="current-password"
          maxLength={128}
          autoFocus
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </Field>
      <div className="flex flex-col-reverse gap-3 sm:flex-row sm:justify-end">
        <Button kind="secondary" onClick={onCancel}>
          {text.common.cancel}
        </Button>
        <Button type="submit" isBusy={enrol.isRunning}>
          {text.common.continue}
        </Button>
      </div>
    </form>
  );
}

/** "JBSW Y3DP EHPK": in groups, because somebody may have to type it. */
function groupedSecret(secret: string): string {
  return secret.replace(/(.{4})(?=.)/g, '$1 ');
}

function ScanStep({
  enrolment,
  onConfirmed,
}: {
  enrolment: { secret: string; qrSvg?: string | null };
  onConfirmed: (codes: string[]) => void;
}) {
  const text = useMessages();
  const problems = useProblems();
  const [code, setCode] = useState('');
  const confirm = useMutation('POST /authentication/mfa/confirm');
  const send = async (typed: string) => {
    if (typed.length < 6) return;
    const reply = await confirm.run({ body: { code: typed } });
    if (reply === undefined) {
      setCode('');
      return;
    }
    invalidate('/authentication/mfa');
    void refreshUser();
    onConfirmed(reply.recoveryCodes);
  };
  const error =
    confirm.error === null ? null : confirm.error.code === 'invalid_code' ? text.secondFactor.wrong : problems.of(confirm.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send(code);
      }}
      noValidate
      className="flex flex-col gap-5"
    >
      <p className="text-pretty text-muted">{text.security.scanLead}</p>
      {enrolment.qrSvg && (
        <div className="mx-auto rounded-control overflow-hidden bg-[#fff] p-1">
          <QRCode svg={enrolment.qrSvg} label={text.security.qrLabel} />
        </div>
      )}
      <details className="rounded-control bg-sunken px-4">
        <summary className="flex min-h-11 items-center text-sm font-medium">{text.security.manual}</summary>
        <p className="pb-3 font-semibold tracking-wide wrap-anywhere">{groupedSecret(enrolment.secret)}</p>
      </details>
      <Field label={text.security.scanCode} error={error}>
        <CodeInput value={code} onChange={setCode} onComplete={(typed) => void send(typed)} isDisabled={confirm.isRunning} />
      </Field>
      <Button type="submit" isWide isBusy={confirm.isRunning}>
        {text.secondFactor.submit}
      </Button>
    </form>
  );
}

function RecoveryCodes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const text = useMessages();
  const [isSaved, setIsSaved] = useState(false);
  const [isTried, setIsTried] = useState(false);
  const file = `${text.security.codesFileTitle}\n${text.security.codesFileNote}\n\n${codes.join('\n')}\n`;
  const finish = () => {
    setIsTried(true);
    if (!isSaved) return;
    showToast(text.security.enrolled);
    onClose();
  };
  return (
    <div className="flex flex-col gap-5">
      <Banner tone="warning" title={text.security.codesTitle}>
        {text.security.codesLead}
      </Banner>
      <ul
        data-print="alone"
        className="grid grid-cols-2 gap-x-6 gap-y-2 rounded-control bg-sunken p-5 text-center font-semibold tabular-nums tracking-wide"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="flex flex-wrap gap-3">
        <Button
          kind="secondary"
          icon="download"
          onClick={() => saveFile(new Blob([file], { type: 'text/plain' }), 'wekeza-recovery-codes.txt')}
        >
          {text.security.download}
        </Button>
        <Button kind="secondary" icon="printer" onClick={() => print()}>
          {text.security.print}
        </Button>
        <Button
          kind="secondary"
          icon="copy"
          onClick={() => void navigator.clipboard.writeText(codes.join('\n')).then(() => showToast(text.common.copied))}
        >
          {text.security.copyCodes}
        </Button>
      </div>
      <Checkbox
        label={text.security.codesSaved}
        isChecked={isSaved}
        onChange={setIsSaved}
        error={isTried && !isSaved ? text.security.codesSavedMissing : null}
      />
      <Button isWide onClick={finish}>
        {text.security.finish}
      </Button>
    </div>
  );
}
