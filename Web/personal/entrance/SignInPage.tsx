import { useEffect, useState } from 'react';
import type { Root } from '../../lib/api';
import { useSession } from '../../lib/session';
import { Banner } from '../../ui/Banner';
import { Icon } from '../../ui/Icon';
import { useMessages } from '../messages';
import { Entrance } from './Entrance';
import { SignInForm } from './SignInForm';

/** The two people of the demonstration bank; their passwords are in the README, and a production bank refuses them. */
const demoUsers = [
  { name: 'Amina', username: 'customer1', password: 'Customer@123' },
  { name: 'Brian', username: 'customer2', password: 'Customer@123' },
];

/** Whether this is the demonstration bank, as the program itself says. */
function useIsDemo(): boolean {
  const [isDemo, setIsDemo] = useState(false);
  useEffect(() => {
    const abort = new AbortController();
    fetch('/api', { signal: abort.signal })
      .then((answer) => (answer.ok ? (answer.json() as Promise<Root>) : null))
      .then((root) => setIsDemo(root?.mode === 'demo'))
      .catch(() => {});
    return () => abort.abort();
  }, []);
  return isDemo;
}

export default function SignInPage() {
  const text = useMessages();
  const isDemo = useIsDemo();
  const endedBecause = useSession((state) => state.endedBecause);
  const [prefill, setPrefill] = useState<(typeof demoUsers)[number] | null>(null);
  return (
    <Entrance title={text.signIn.title} lead={text.signIn.lead}>
      {endedBecause !== null && (
        <div className="mb-6">
          <Banner tone={endedBecause === 'signedOut' ? 'success' : 'info'}>
            {endedBecause === 'signedOut'
              ? text.signIn.signedOut
              : endedBecause === 'idle'
                ? text.signIn.sessionExpired
                : text.signIn.sessionEnded}
          </Banner>
        </div>
      )}
      <SignInForm prefill={prefill} />
      {isDemo && (
        <aside className="mt-8 rounded-control border border-dashed border-edge p-4">
          <p className="flex items-center gap-2 text-sm font-semibold">
            <Icon name="flask-conical" size={16} />
            {text.signIn.demo}
          </p>
          <p className="mt-1 text-sm text-muted">{text.signIn.demoDetail}</p>
          <div className="mt-3 flex flex-wrap gap-2">
            {demoUsers.map((user) => (
              <button
                key={user.username}
                type="button"
                onClick={() => setPrefill({ ...user })}
                className="inline-flex min-h-11 items-center gap-2 rounded-full bg-brand-soft px-4 text-sm font-semibold text-brand-text"
              >
                {text.signIn.demoUse(user.username)}
              </button>
            ))}
          </div>
        </aside>
      )}
    </Entrance>
  );
}
