import { type FormEvent, useRef, useState } from 'react';
import { useMutation } from '../../lib/query';
import { Banner } from '../../ui/Banner';
import { Button, LinkButton } from '../../ui/Button';
import { Field, TextInput } from '../../ui/Field';
import { useMessages } from '../messages';
import { fieldText, problemText } from '../shared/problems';
import { useFocusOnError } from '../shared/useFocusOnError';
import { Entrance } from './Entrance';
import { NewPasswordFields, useNewPasswordFaults } from './NewPasswordFields';

/** Opened from the link in the message; the code in it is used once. */
export default function ResetPasswordPage() {
  const text = useMessages();
  const form = useRef<HTMLFormElement>(null);
  // Behind the #, so that it never reaches a server's log.
  const [fromLink] = useState(() => new URLSearchParams(location.hash.slice(1)).get('token'));
  const [typed, setTyped] = useState('');
  const token = fromLink ?? typed.trim();
  const [next, setNext] = useState({ password: '', repeated: '' });
  const [attempts, setAttempts] = useState(0);
  const [isDone, setIsDone] = useState(false);
  const reset = useMutation('POST /authentication/reset-password');
  const faults = useNewPasswordFaults(next, attempts > 0);
  const isInvalid = reset.error?.code === 'invalid_token';
  useFocusOnError(form, `${attempts} ${reset.error?.code ?? ''}`);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setAttempts((count) => count + 1);
    if (token === '' || next.password.length < 8 || next.password !== next.repeated) return;
    await reset.run({ body: { token, newPassword: next.password } }).then((answer) => setIsDone(answer !== undefined));
  };
  const code = reset.error?.fieldErrors['newPassword']?.code;
  const passwordError = (code && text.passwordFields[code]) || fieldText(reset.error, text, 'newPassword') || faults.password;

  if (isDone) {
    return (
      <Entrance title={text.reset.title}>
        <div className="flex flex-col gap-5">
          <Banner tone="success">{text.signIn.passwordChanged}</Banner>
          <LinkButton to="/">{text.signIn.submit}</LinkButton>
        </div>
      </Entrance>
    );
  }
  return (
    <Entrance title={text.reset.title} lead={text.reset.lead}>
      <form ref={form} onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-5">
        {isInvalid ? (
          <Banner tone="danger" title={text.reset.invalid}>
            <LinkButton to="/forgot-password" kind="secondary" className="mt-3">
              {text.reset.again}
            </LinkButton>
          </Banner>
        ) : (
          reset.error !== null && !code && <Banner tone="danger">{problemText(reset.error, text)}</Banner>
        )}
        {fromLink === null && (
          <Field label={text.reset.code} error={attempts > 0 && token === '' ? text.reset.codeMissing : null}>
            <TextInput
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </Field>
        )}
        <NewPasswordFields value={next} onChange={setNext} passwordError={passwordError} repeatedError={faults.repeated} />
        <Button type="submit" isWide isBusy={reset.isRunning} className="min-h-12">
          {text.reset.submit}
        </Button>
      </form>
    </Entrance>
  );
}
