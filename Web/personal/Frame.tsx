import { type ReactNode, useEffect, useRef } from 'react';
import { useConnection } from '../lib/http';
import { invalidate, useQuery } from '../lib/query';
import { navigate, usePlace } from '../lib/router';
import { logout, useSession } from '../lib/session';
import { Banner } from '../ui/Banner';
import { IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { Menu, type MenuItem } from '../ui/Menu';
import { Shell } from '../ui/Shell';
import { useMessages } from './messages';
import { usePlaces } from './places';
import { initials } from './shared/names';

/** The channel's navigation around every page. */
export function Frame({ children }: { children: ReactNode }) {
  const { pathname } = usePlace();
  const isSignedIn = useSession((state) => state.status === 'signedIn');
  const unread = useQuery('GET /notifications/unread-count', isSignedIn ? undefined : null).data?.count ?? 0;
  const lastPath = useRef(pathname);
  useEffect(() => {
    // Asked with each page that is opened, and not by a clock: a clock would keep a forgotten session alive.
    if (lastPath.current !== pathname && isSignedIn) invalidate('/notifications/unread-count');
    lastPath.current = pathname;
  }, [pathname, isSignedIn]);
  const { places, phonePlaces, morePlaces } = usePlaces(unread);
  return (
    <Shell
      path={pathname}
      places={places}
      phonePlaces={phonePlaces}
      morePlaces={morePlaces}
      phoneActions={<PhoneActions unread={unread} />}
      account={<WhoIsHere />}
      notice={<ConnectionNotice />}
    >
      {children}
    </Shell>
  );
}

function PhoneActions({ unread }: { unread: number }) {
  const text = useMessages();
  const user = useSession((state) => state.user);
  const items = useAccountItems();
  return (
    <>
      <span className="relative">
        <IconButton
          icon="bell"
          label={unread > 0 ? text.nav.unreadNotifications(unread) : text.nav.notifications}
          onClick={() => navigate('/notifications')}
        />
        {unread > 0 && (
          <span
            aria-hidden="true"
            className="pointer-events-none absolute right-2 top-2 size-3 rounded-full border-2 border-paper bg-accent"
          />
        )}
      </span>
      <Menu label={text.nav.myAccount} trigger={<Initials name={user?.fullName ?? ''} />} items={items} />
    </>
  );
}

function Initials({ name }: { name: string }) {
  return (
    <span
      aria-hidden="true"
      className="flex size-9 shrink-0 items-center justify-center rounded-full bg-brand-soft text-xs font-bold text-brand-text"
    >
      {initials(name)}
    </span>
  );
}

function useAccountItems(): MenuItem[] {
  const text = useMessages();
  return [
    { label: text.nav.profile, icon: 'circle-user', onChoose: () => navigate('/profile') },
    { label: text.nav.identity, icon: 'id-card', onChoose: () => navigate('/identity') },
    { label: text.nav.security, icon: 'shield-check', onChoose: () => navigate('/security') },
    { label: text.nav.signOut, icon: 'log-out', onChoose: () => void logout() },
  ];
}

function WhoIsHere() {
  const text = useMessages();
  const user = useSession((state) => state.user);
  const items = useAccountItems();
  if (user === null) return <div className="h-14" />;
  return (
    <Menu
      label={text.nav.myAccount}
      opens="up"
      align="left"
      isWide
      items={items}
      trigger={
        <span className="flex min-h-14 w-full min-w-0 items-center gap-3 px-3 py-2">
          <Initials name={user.fullName} />
          <span className="min-w-0 flex-1 truncate text-sm font-medium">{user.fullName}</span>
          <Icon name="chevron-down" size={16} className="rotate-180 text-muted" />
        </span>
      }
    />
  );
}

/** No line to the bank, or a slow one. It hangs over the page instead of moving it. */
function ConnectionNotice() {
  const text = useMessages();
  const { isOnline, isSlow } = useConnection();
  if (isOnline && !isSlow) return null;
  return (
    <div className="fixed inset-x-4 top-18 z-40 mx-auto max-w-xl shadow-float lg:left-66 lg:top-4">
      <Banner tone={isOnline ? 'info' : 'warning'} title={isOnline ? undefined : text.common.offline}>
        {isOnline ? text.common.slow : text.common.offlineDetail}
      </Banner>
    </div>
  );
}
