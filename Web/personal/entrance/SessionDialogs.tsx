import { useTicker } from '../../lib/query';
import { logout, staySignedIn, useSession } from '../../lib/session';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { useMessages } from '../messages';
import { SecondFactorForm } from './SecondFactorForm';
import { SignInForm } from './SignInForm';

/** What a session says over the page that is open: that it ends soon, or that it has ended. The page keeps what was typed. */
export default function SessionDialogs() {
  const isExpired = useSession((state) => state.status === 'expired');
  const idleEndsAt = useSession((state) => state.idleEndsAt);
  if (isExpired) return <SignInAgain />;
  return idleEndsAt === null ? null : <StayOrLeave endsAt={idleEndsAt} />;
}

function SignInAgain() {
  const text = useMessages();
  const user = useSession((state) => state.user);
  const challenge = useSession((state) => state.challenge);
  return (
    <Dialog title={text.signIn.again} isOpen isLocked onClose={() => void logout('idle')}>
      <p className="mb-5 text-muted">{text.signIn.sessionExpired}</p>
      {challenge !== null ? <SecondFactorForm /> : <SignInForm fixedUsername={user?.username ?? ''} />}
      <div className="mt-3 text-center">
        <Button kind="quiet" onClick={() => void logout('idle')}>
          {text.secondFactor.other}
        </Button>
      </div>
    </Dialog>
  );
}

function StayOrLeave({ endsAt }: { endsAt: number }) {
  const text = useMessages();
  useTicker(1_000);
  const seconds = Math.max(0, Math.ceil((endsAt - Date.now()) / 1_000));
  return (
    <Dialog
      title={text.signIn.idleTitle}
      isOpen
      onClose={() => void staySignedIn()}
      footer={
        <>
          <Button kind="secondary" onClick={() => void logout()}>
            {text.nav.signOut}
          </Button>
          <Button onClick={() => void staySignedIn()}>{text.signIn.stay}</Button>
        </>
      }
    >
      <p className="text-muted">{text.signIn.idleDetail}</p>
      <p role="timer" className="mt-4 text-center text-4xl font-semibold tabular-nums">
        {`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`}
      </p>
    </Dialog>
  );
}
