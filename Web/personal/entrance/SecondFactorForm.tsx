import { type FormEvent, useRef, useState } from 'react';
import type { ProblemError } from '../../lib/http';
import { abandonMfa, useSession, verifyMfa } from '../../lib/session';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { CodeInput } from '../../ui/CodeInput';
import { Field, TextInput } from '../../ui/Field';
import { useMessages } from '../messages';
import { problemText } from '../shared/problems';

/** The second step of signing in: a code of the app, or one of the recovery codes. */
export function SecondFactorForm() {
  const text = useMessages();
  const challenge = useSession((state) => state.challenge);
  const input = useRef<HTMLInputElement>(null);
  const [method, setMethod] = useState<'totp' | 'recoveryCode'>('totp');
  const [code, setCode] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [isMissing, setIsMissing] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const isApp = method === 'totp';
  const isOver = problem?.code === 'challenge_expired';

  const send = async (typed: string) => {
    if (isBusy) return;
    setIsMissing(typed === '');
    if (typed === '') return;
    setIsBusy(true);
    setProblem(null);
    try {
      await verifyMfa(method, typed);
    } catch (error) {
      setProblem(error as ProblemError);
      setCode('');
      setIsBusy(false);
      input.current?.focus();
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send(code.trim());
  };
  const error = isMissing
    ? text.secondFactor.codeMissing
    : problem?.code === 'invalid_code'
      ? isApp
        ? text.secondFactor.wrong
        : text.secondFactor.wrongRecovery
      : problem && !isOver
        ? problemText(problem, text)
        : null;

  if (isOver || challenge === null) {
    return (
      <div className="flex flex-col gap-5">
        <Banner tone="warning">{text.secondFactor.expired}</Banner>
        <Button onClick={abandonMfa}>{text.forgot.toSignIn}</Button>
      </div>
    );
  }
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-5">
      <p className="text-muted">{isApp ? text.secondFactor.lead : text.secondFactor.recoveryLead}</p>
      <Field label={isApp ? text.secondFactor.code : text.secondFactor.recoveryCode} error={error}>
        {isApp ? (
          <CodeInput
            ref={input}
            value={code}
            onChange={setCode}
            onComplete={(typed) => void send(typed)}
            isDisabled={isBusy}
            autoFocus
          />
        ) : (
          <TextInput
            ref={input}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={40}
            autoFocus
            className="font-semibold tracking-widest"
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" isWide isBusy={isBusy} className="min-h-12">
        {text.secondFactor.submit}
      </Button>
      <div className="flex flex-col items-center">
        <Button
          kind="quiet"
          onClick={() => {
            setMethod(isApp ? 'recoveryCode' : 'totp');
            setCode('');
            setProblem(null);
            setIsMissing(false);
          }}
        >
          {isApp ? text.secondFactor.useRecovery : text.secondFactor.useApp}
        </Button>
        <Button kind="quiet" onClick={abandonMfa}>
          {text.secondFactor.other}
        </Button>
      </div>
    </form>
  );
}
