import { logout } from '../../lib/session';
import { Button } from '../../ui/Button';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { ChangePasswordForm } from './ChangePasswordForm';
import { Entrance } from './Entrance';

/** After signing in with a temporary password: nothing else is possible before there is an own one. */
export default function ForcedPasswordPage() {
  const text = useMessages();
  return (
    <Entrance title={text.password.changeTitle} lead={text.password.changeLead}>
      <ChangePasswordForm onDone={() => showToast(text.password.changed)} />
      <div className="mt-4 text-center">
        <Button kind="quiet" onClick={() => void logout()}>
          {text.nav.signOut}
        </Button>
      </div>
    </Entrance>
  );
}
