import { useState } from 'react';
import type { Session } from '../../lib/api';
import { formatDateTime } from '../../lib/format';
import { useLanguage } from '../../lib/i18n';
import { invalidate, useMutation, useQuery } from '../../lib/query';
import { Badge } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Card, CardTitle } from '../../ui/Card';
import { Icon } from '../../ui/Icon';
import { SkeletonRows } from '../../ui/Skeleton';
import { showToast } from '../../ui/Toast';
import { type PersonalMessages, useMessages } from '../messages';
import { LoadFailure } from '../shared/LoadFailure';
import { useProblems } from '../shared/problems';

const browsers: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/SamsungBrowser/, 'Samsung Internet'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const systems: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iPhone'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'Mac'],
  [/Linux/, 'Linux'],
];

/** "Chrome on Android", from what the browser says about itself; it may lie, so it is a help and no proof. */
function deviceName(userAgent: string, text: PersonalMessages): string {
  const browser = browsers.find(([pattern]) => pattern.test(userAgent))?.[1];
  const system = systems.find(([pattern]) => pattern.test(userAgent))?.[1];
  if (browser && system) return `${browser} ${text.security.on} ${system}`;
  return browser ?? system ?? text.security.unknownDevice;
}

export function Sessions() {
  const text = useMessages();
  const problems = useProblems();
  const { data, error, refetch } = useQuery('GET /authentication/sessions', { query: { limit: 50 } });
  const revokeAll = useMutation('DELETE /authentication/sessions');
  const endAll = async () => {
    if ((await revokeAll.run()) === undefined) return;
    invalidate('/authentication/sessions');
    showToast(text.security.revokedAll);
  };
  const hasOthers = data?.items.some((one) => !one.current) ?? false;
  return (
    <Card isFlush>
      <div className="p-5 pb-3 sm:p-6 sm:pb-3">
        <CardTitle>{text.security.sessions}</CardTitle>
        <p className="text-pretty text-muted">{text.security.sessionsDetail}</p>
      </div>
      {data !== undefined ? (
        <ul>
          {data.items.map((one) => (
            <SessionRow key={one.sessionId} session={one} />
          ))}
        </ul>
      ) : error !== null ? (
        <LoadFailure problem={error} onRetry={refetch} />
      ) : (
        <SkeletonRows count={2} rowHeight="h-22" />
      )}
      {hasOthers && (
        <div className="border-t border-line p-4 sm:px-6">
          <Button kind="secondary" isBusy={revokeAll.isRunning} onClick={() => void endAll()}>
            {text.security.revokeAll}
          </Button>
          {revokeAll.error !== null && (
            <p role="alert" className="mt-2 text-sm font-medium text-danger">
              {problems.of(revokeAll.error)}
            </p>
          )}
        </div>
      )}
    </Card>
  );
}

function SessionRow({ session }: { session: Session }) {
  const text = useMessages();
  const language = useLanguage();
  const revoke = useMutation('DELETE /authentication/sessions/{sessionId}');
  const [isGone, setIsGone] = useState(false);
  const device = deviceName(session.userAgent, text);
  const end = async () => {
    if ((await revoke.run({ path: { sessionId: session.sessionId } })) === undefined) return;
    setIsGone(true);
    invalidate('/authentication/sessions');
    showToast(text.security.revoked);
  };
  if (isGone) return null;
  return (
    <li className="flex min-h-22 items-center gap-4 border-t border-line px-5 py-3 sm:px-6">
      <span aria-hidden="true" className="flex size-11 shrink-0 items-center justify-center rounded-full bg-sunken text-muted">
        <Icon name={/Android|iPhone|Mobile/.test(session.userAgent) ? 'smartphone' : 'monitor'} size={20} />
      </span>
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-center gap-x-2 font-medium">
          {device}
          {session.current && <Badge tone="success">{text.security.thisDevice}</Badge>}
        </span>
        <span className="block text-sm text-muted wrap-anywhere">
          {text.security.lastSeen}: {formatDateTime(session.lastSeenAt, language)} · {session.ipAddress}
        </span>
      </span>
      {!session.current && (
        <Button
          kind="quiet"
          className="px-3"
          isBusy={revoke.isRunning}
          onClick={() => void end()}
          aria-label={text.security.revokeOf(device)}
        >
          {text.security.revoke}
        </Button>
      )}
    </li>
  );
}
