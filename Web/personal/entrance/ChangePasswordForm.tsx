import { type FormEvent, useRef, useState } from 'react';
import type { ProblemError } from '../../lib/http';
import { changePassword } from '../../lib/session';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Field, PasswordInput } from '../../ui/Field';
import { useMessages } from '../messages';
import { fieldText, problemText } from '../shared/problems';
import { useFocusOnError } from '../shared/useFocusOnError';
import { NewPasswordFields, useNewPasswordFaults } from './NewPasswordFields';

/** The present password and a new one, twice. */
export function ChangePasswordForm({ onDone, onCancel }: { onDone: () => void; onCancel?: () => void }) {
  const text = useMessages();
  const form = useRef<HTMLFormElement>(null);
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState({ password: '', repeated: '' });
  const [attempts, setAttempts] = useState(0);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const faults = useNewPasswordFaults(next, attempts > 0);
  const isComplete = current !== '' && next.password.length >= 8 && next.password === next.repeated;
  useFocusOnError(form, `${attempts} ${problem === null ? '' : problem.code}`);

  const passwordText = (field: string) => {
    const code = problem?.fieldErrors[field]?.code;
    return (code && text.passwordFields[code]) || fieldText(problem, text, field);
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setAttempts((count) => count + 1);
    setProblem(null);
    if (!isComplete || isBusy) return;
    setIsBusy(true);
    try {
      await changePassword(current, next.password);
      onDone();
    } catch (error) {
      setProblem(error as ProblemError);
      setIsBusy(false);
    }
  };
  const isShownAtField = problem !== null && (problem.fieldErrors['currentPassword'] || problem.fieldErrors['newPassword']);
  return (
    <form ref={form} onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-5">
      {problem !== null && !isShownAtField && <Banner tone="danger">{problemText(problem, text)}</Banner>}
      <Field
        label={text.password.current}
        error={passwordText('currentPassword') ?? (attempts > 0 && current === '' ? text.password.currentMissing : null)}
      >
        <PasswordInput
          name="currentPassword"
          autoComplete="current-password"
          maxLength={128}
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
        />
      </Field>
      <NewPasswordFields
        value={next}
        onChange={setNext}
        passwordError={passwordText('newPassword') ?? faults.password}
        repeatedError={faults.repeated}
      />
      <div className="flex flex-col-reverse gap-3 sm:flex-row sm:justify-end">
        {onCancel !== undefined && (
          <Button kind="secondary" onClick={onCancel}>
            {text.common.cancel}
          </Button>
        )}
        <Button type="submit" isBusy={isBusy}>
          {text.password.submit}
        </Button>
      </div>
    </form>
  );
}
