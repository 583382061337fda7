import { useEffect, useState } from 'react';
import { formatAccountNumber, formatMoney } from '../../lib/format';
import type { ProblemError } from '../../lib/http';
import { useMutation } from '../../lib/query';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { CodeInput } from '../../ui/CodeInput';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { useProblems } from './problems';

/** What the bank says it is about to do; the customer confirms this and nothing else. */
interface Action {
  type: string;
  amount?: string | null;
  currency?: string | null;
  payee?: string | null;
}

function useActionSentence(action: Action | undefined): string {
  const { stepUp } = useMessages();
  if (action?.amount && action.currency)
    return stepUp.action.transfer(formatMoney(action.amount, action.currency), formatAccountNumber(action.payee ?? ''));
  if (action?.payee) return stepUp.action.beneficiary(formatAccountNumber(action.payee));
  return stepUp.action.other;
}

/**
 * Asks for the second factor when the bank refuses with `step_up_required`, and hands the token for the repetition over.
 * The dialog is open as long as `problem` is such a refusal.
 */
export function StepUpDialog({
  problem,
  onToken,
  onCancel,
  isRepeating,
}: {
  problem: ProblemError | null;
  onToken: (token: string) => void;
  onCancel: () => void;
  /** The order is being repeated with the token. */
  isRepeating: boolean;
}) {
  const challenge = problem?.code === 'step_up_required' ? problem : null;
  if (challenge === null) return null;
  return (
    <OpenDialog
      key={String(challenge.members['challengeId'])}
      challenge={challenge}
      onToken={onToken}
      onCancel={onCancel}
      isRepeating={isRepeating}
    />
  );
}

function OpenDialog({
  challenge,
  onToken,
  onCancel,
  isRepeating,
}: {
  challenge: ProblemError;
  onToken: (token: string) => void;
  onCancel: () => void;
  isRepeating: boolean;
}) {
  const text = useMessages();
  const problems = useProblems();
  const challengeId = String(challenge.members['challengeId']);
  const methods = (challenge.members['methods'] as string[] | undefined) ?? [];
  const isApp = methods.includes('totp');
  const [code, setCode] = useState('');
  const verify = useMutation('POST /authentication/step-up/verify');
  const resend = useMutation('POST /authentication/step-up/resend');
  const [isSpent, setIsSpent] = useState(false);
  const sentence = useActionSentence(challenge.members['action'] as Action | undefined);

  useEffect(() => {
    if (verify.error?.code === 'challenge_expired') setIsSpent(true);
    if (verify.error) setCode('');
  }, [verify.error]);

  const submit = async (typed: string) => {
    const answer = await verify.run({ body: { challengeId, code: typed } });
    if (answer) onToken(answer.stepUpToken);
  };
  const sendAgain = async () => {
    if (await resend.run({ body: { challengeId } })) showToast(text.stepUp.resent);
  };

  const attemptsLeft = verify.error?.members['attemptsLeft'];
  const codeError =
    verify.error?.code === 'invalid_code'
      ? typeof attemptsLeft === 'number'
        ? text.stepUp.wrong(attemptsLeft)
        : text.problems['invalid_code']
      : verify.error && !isSpent
        ? problems.of(verify.error)
        : null;

  return (
    <Dialog
      title={text.stepUp.title}
      isOpen
      onClose={onCancel}
      isLocked={isRepeating}
      footer={
        <>
          <Button kind="secondary" onClick={onCancel} disabled={isRepeating}>
            {text.common.cancel}
          </Button>
          {!isSpent && (
            <Button
              isBusy={verify.isRunning || isRepeating}
              onClick={() => void submit(code)}
              disabled={code.length < 6 && !isRepeating}
            >
              {text.stepUp.submit}
            </Button>
          )}
        </>
      }
    >
      <p className="mb-5 rounded-control bg-sunken px-4 py-3 font-medium">{sentence}</p>
      {isSpent ? (
        <Banner tone="warning">{text.stepUp.expired}</Banner>
      ) : (
        <>
          <Field label={isApp ? text.stepUp.totp : text.stepUp.sms} error={codeError}>
            <CodeInput
              value={code}
              onChange={setCode}
              onComplete={(typed) => void submit(typed)}
              isDisabled={verify.isRunning || isRepeating}
              autoFocus
            />
          </Field>
          {!isApp && (
            <p className="mt-4 flex flex-wrap items-center gap-x-1 text-sm text-muted">
              {text.stepUp.noCode}
              <Button kind="quiet" className="px-2 py-1 text-sm" isBusy={resend.isRunning} onClick={() => void sendAgain()}>
                {text.stepUp.resend}
              </Button>
            </p>
          )}
          {resend.error && (
            <p role="alert" className="mt-1 text-sm text-danger">
              {text.stepUp.resendLimit}
            </p>
          )}
        </>
      )}
    </Dialog>
  );
}
