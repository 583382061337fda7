import { useEffect, useState } from 'react';
import type { Notification, NotificationPreferences } from '../../lib/api';
import { formatDateTime } from '../../lib/format';
import { useLanguage } from '../../lib/i18n';
import { invalidate, useMutation, usePagedQuery, useQuery } from '../../lib/query';
import { Link, replaceSearch, useSearch } from '../../lib/router';
import { Badge } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Card, CardTitle } from '../../ui/Card';
import { classes } from '../../ui/classes';
import { EmptyState } from '../../ui/EmptyState';
import { Icon, type IconName } from '../../ui/Icon';
import { PageHeader } from '../../ui/PageHeader';
import { Switch } from '../../ui/Select';
import { Skeleton, SkeletonRows } from '../../ui/Skeleton';
import { Tabs } from '../../ui/Tabs';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { LoadFailure } from '../shared/LoadFailure';
import { useProblems } from '../shared/problems';

type View = 'messages' | 'preferences';

export default function NotificationsPage() {
  const text = useMessages();
  const view: View = useSearch().get('view') === 'preferences' ? 'preferences' : 'messages';
  return (
    <div className="mx-auto max-w-3xl">
      <PageHeader title={text.notifications.title} />
      <Tabs
        label={text.notifications.title}
        chosen={view}
        onChoose={(name) => replaceSearch({ view: name === 'messages' ? undefined : name })}
        tabs={[
          { name: 'messages', label: text.notifications.messages },
          { name: 'preferences', label: text.notifications.preferences },
        ]}
      >
        {view === 'messages' ? <Messages /> : <Preferences />}
      </Tabs>
    </div>
  );
}

function Messages() {
  const text = useMessages();
  const [isUnreadOnly, setUnreadOnly] = useState(false);
  const { items, error, hasMore, loadMore, isLoadingMore, refetch } = usePagedQuery('GET /notifications', {
    query: { limit: 25, ...(isUnreadOnly ? { unread: true } : {}) },
  });
  const readAll = useMutation('POST /notifications/read-all');
  const hasUnread = items?.some((one) => !one.readAt) ?? false;
  const markAll = async () => {
    if ((await readAll.run()) === undefined) return;
    invalidate('/notifications');
    showToast(text.notifications.allRead);
  };
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
        <button
          type="button"
          aria-pressed={isUnreadOnly}
          onClick={() => setUnreadOnly(!isUnreadOnly)}
          className={classes(
            'inline-flex min-h-11 items-center gap-2 rounded-full border px-4 text-sm font-semibold transition-colors',
            isUnreadOnly ? 'border-brand bg-brand-soft text-brand-text' : 'border-line bg-surface text-muted hover:border-edge',
          )}
        >
          {isUnreadOnly && <Icon name="check" size={16} />}
          {text.notifications.onlyUnread}
        </button>
        {hasUnread && (
          <Button kind="quiet" icon="check-check" isBusy={readAll.isRunning} onClick={() => void markAll()}>
            {text.notifications.markAllRead}
          </Button>
        )}
      </div>
      <Card isFlush className="overflow-hidden">
        {items !== undefined ? (
          items.length === 0 ? (
            <EmptyState icon="bell" title={isUnreadOnly ? text.notifications.noUnread : text.notifications.empty}>
              {isUnreadOnly ? text.notifications.noUnreadDetail : text.notifications.emptyDetail}
            </EmptyState>
          ) : (
            <ul>
              {items.map((one) => (
                <Message key={one.notificationId} notification={one} />
              ))}
            </ul>
          )
        ) : error !== null ? (
          <LoadFailure problem={error} onRetry={refetch} />
        ) : (
          <SkeletonRows count={5} rowHeight="h-24" />
        )}
        {hasMore && (
          <div className="border-t border-line p-4 text-center">
            <Button kind="secondary" isBusy={isLoadingMore} onClick={loadMore}>
              {text.common.more}
            </Button>
          </div>
        )}
      </Card>
    </>
  );
}

const icons: Record<string, IconName> = {
  security: 'shield-check',
  login: 'shield-check',
  credit: 'arrow-down-left',
  debit: 'arrow-up-right',
  payment: 'calendar-sync',
};

/** A message is read when it has been on the screen for a moment, as on paper. */
const readAfterMilliseconds = 2_000;

function Message({ notification }: { notification: Notification }) {
  const text = useMessages();
  const language = useLanguage();
  const { run } = useMutation('POST /notifications/{notificationId}/read');
  const isUnread = !notification.readAt;
  useEffect(() => {
    if (!isUnread) return;
    const timer = setTimeout(() => {
      void run({ path: { notificationId: notification.notificationId } }).then(() => invalidate('/notifications/unread-count'));
    }, readAfterMilliseconds);
    return () => clearTimeout(timer);
  }, [isUnread, notification.notificationId, run]);
  const body = (
    <>
      <span
        aria-hidden="true"
        className={classes(
          'mt-0.5 flex size-10 shrink-0 items-center justify-center rounded-full',
          isUnread ? 'bg-brand-soft text-brand-text' : 'bg-sunken text-muted',
        )}
      >
        <Icon name={icons[notification.kind] ?? 'bell'} size={18} />
      </span>
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-center gap-x-2">
          <span className={classes('wrap-anywhere', isUnread ? 'font-semibold' : 'font-medium')}>{notification.title}</span>
          {isUnread && <Badge tone="info">{text.notifications.new}</Badge>}
        </span>
        <span className="mt-0.5 block text-pretty text-[0.9375rem] text-muted wrap-anywhere">{notification.body}</span>
        <span className="mt-1 block text-sm text-muted">{formatDateTime(notification.createdAt, language)}</span>
      </span>
    </>
  );
  const look = 'flex items-start gap-4 px-5 py-4';
  return (
    <li className="border-b border-line last:border-b-0">
      {notification.link?.startsWith('/') ? (
        <Link to={notification.link} className={`${look} transition-colors hover:bg-sunken`}>
          {body}
        </Link>
      ) : (
        <div className={look}>{body}</div>
      )}
    </li>
  );
}

function Preferences() {
  const text = useMessages();
  const { data, error, refetch } = useQuery('GET /notifications/preferences');
  if (data === undefined)
    return error !== null ? <LoadFailure problem={error} onRetry={refetch} /> : <Skeleton className="h-128 rounded-card" />;
  return (
    <>
      <PreferenceSwitches first={data} />
      <p className="mt-4 flex items-start gap-2 text-sm text-muted">
        <Icon name="shield-check" size={18} className="mt-0.5" />
        {text.notifications.securityAlways}
      </p>
    </>
  );
}

/** Every switch is saved at once, and jumps back when the bank refuses. */
function PreferenceSwitches({ first }: { first: NotificationPreferences }) {
  const text = useMessages();
  const problems = useProblems();
  const save = useMutation('PUT /notifications/preferences');
  const [shown, setShown] = useState(first);
  const change = async (next: NotificationPreferences) => {
    const before = shown;
    setShown(next);
    const reply = await save.run({ body: next });
    if (reply === undefined) {
      setShown(before);
      return;
    }
    invalidate('/notifications/preferences');
    showToast(text.notifications.saved);
  };
  const events = shown.events;
  return (
    <div className="grid gap-6 sm:grid-cols-2">
      {save.error !== null && (
        <p role="alert" className="text-sm font-medium text-danger sm:col-span-2">
          {problems.of(save.error)}
        </p>
      )}
      <Card>
        <CardTitle>{text.notifications.channels}</CardTitle>
        <div className="divide-y divide-line">
          <Switch label={text.notifications.sms} isOn={shown.sms} onChange={(sms) => void change({ ...shown, sms })} />
          <Switch label={text.notifications.email} isOn={shown.email} onChange={(email) => void change({ ...shown, email })} />
          <Switch label={text.notifications.push} isOn={shown.push} onChange={(push) => void change({ ...shown, push })} />
        </div>
      </Card>
      <Card>
        <CardTitle>{text.notifications.events}</CardTitle>
        <div className="divide-y divide-line">
          <Switch
            label={text.notifications.credit}
            isOn={events.credit}
            onChange={(credit) => void change({ ...shown, events: { ...events, credit } })}
          />
          <Switch
            label={text.notifications.debit}
            isOn={events.debit}
            onChange={(debit) => void change({ ...shown, events: { ...events, debit } })}
          />
          <Switch
            label={text.notifications.login}
            isOn={events.login}
            onChange={(login) => void change({ ...shown, events: { ...events, login } })}
          />
          <Switch
            label={text.notifications.marketing}
            isOn={events.marketing}
            onChange={(marketing) => void change({ ...shown, events: { ...events, marketing } })}
          />
        </div>
      </Card>
    </div>
  );
}
