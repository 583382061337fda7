import { type FormEvent, useRef, useState } from 'react';
import type { ProblemError } from '../../lib/http';
import { Link } from '../../lib/router';
import { login } from '../../lib/session';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Field, PasswordInput, TextInput } from '../../ui/Field';
import { type PersonalMessages, useMessages } from '../messages';
import { problemText } from '../shared/problems';
import { useFocusOnError } from '../shared/useFocusOnError';

function signInProblem(problem: ProblemError, text: PersonalMessages): string {
  const minutes = Math.max(1, Math.ceil((problem.retryAfterSeconds ?? 900) / 60));
  switch (problem.code) {
    case 'invalid_credentials':
      return text.signIn.wrong;
    case 'too_many_attempts':
      return text.signIn.locked(minutes);
    case 'user_disabled':
      return text.signIn.disabled;
    case 'channel_not_allowed':
      return text.signIn.wrongChannel;
    default:
      return problemText(problem, text);
  }
}

/** Name and password. `fixedUsername` is for a session that goes on in a dialog: the same person or nobody. */
export function SignInForm({
  fixedUsername,
  prefill,
}: {
  fixedUsername?: string;
  prefill?: { username: string; password: string } | null;
}) {
  const text = useMessages();
  const form = useRef<HTMLFormElement>(null);
  const [username, setUsername] = useState(fixedUsername ?? '');
  const [password, setPassword] = useState('');
  const [attempts, setAttempts] = useState(0);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const [applied, setApplied] = useState<typeof prefill>(null);
  if (prefill && prefill !== applied) {
    setApplied(prefill);
    setUsername(prefill.username);
    setPassword(prefill.password);
    setAttempts(0);
    setProblem(null);
  }
  const isTried = attempts > 0 && problem === null;
  const usernameError = isTried && username.trim() === '' ? text.signIn.usernameMissing : null;
  const passwordError = isTried && password === '' ? text.signIn.passwordMissing : null;
  useFocusOnError(form, attempts);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    setProblem(null);
    setAttempts((count) => count + 1);
    if (username.trim() === '' || password === '') return;
    setIsBusy(true);
    try {
      await login(username.trim(), password);
    } catch (error) {
      setProblem(error as ProblemError);
      setIsBusy(false);
      setPassword('');
      form.current?.querySelector<HTMLInputElement>('input[autocomplete="current-password"]')?.focus();
    }
  };

  return (
    <form ref={form} onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-5">
      {problem !== null && <Banner tone="danger">{signInProblem(problem, text)}</Banner>}
      {fixedUsername === undefined && (
        <Field label={text.signIn.username} error={usernameError}>
          <TextInput
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            autoCorrect="off"
            spellCheck={false}
            maxLength={64}
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
        </Field>
      )}
      <Field
        label={text.signIn.password}
        error={passwordError}
        action={
          fixedUsername === undefined && (
            <Link
              to="/forgot-password"
              className="-my-3 inline-flex min-h-11 items-center text-sm font-medium text-brand-text hover:underline"
            >
              {text.signIn.forgot}
            </Link>
          )
        }
      >
        <PasswordInput
          name="password"
          autoComplete="current-password"
          maxLength={128}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </Field>
      <Button type="submit" isWide isBusy={isBusy} className="min-h-12">
        {text.signIn.submit}
      </Button>
    </form>
  );
}
