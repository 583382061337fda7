// What a page does before its program has arrived: the first request of the session, and right after it the data of the first
// page. This module is a few hundred bytes and loads in parallel with everything else, so both answers are there (or under way)
// when React begins.

import { accessToken, type ChannelName, type RefreshOutcome, refresh, setChannel } from './refresh';

const hintKey = 'wekeza.returning';

let outcome: Promise<RefreshOutcome> | null = null;
const prefetched = new Map<string, Promise<unknown>>();

/** Whether this browser has signed in and not out: says nothing about who, and saves strangers a request. */
export function isReturning(): boolean {
  try {
    return localStorage.getItem(`${hintKey}.${document.documentElement.dataset['channel'] ?? ''}`) === '1';
  } catch {
    return true;
  }
}

export function rememberReturning(isSignedIn: boolean): void {
  try {
    const key = `${hintKey}.${document.documentElement.dataset['channel'] ?? ''}`;
    if (isSignedIn) localStorage.setItem(key, '1');
    else localStorage.removeItem(key);
  } catch {
    // Without storage every visit asks.
  }
}

function applyTheme(): void {
  try {
    const theme = localStorage.getItem('wekeza.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
  } catch {
    // The browser's preference holds.
  }
}

/**
 * @param paths for each page address the GET paths under /api whose answers it shows first
 */
export function begin(channel: ChannelName, paths: Record<string, readonly string[]>): void {
  setChannel(channel);
  document.documentElement.dataset['channel'] = channel;
  applyTheme();
  if (!isReturning()) {
    outcome = Promise.resolve({ kind: 'ended', code: 'authentication_required' });
    return;
  }
  outcome = refresh();
  for (const path of paths[location.pathname] ?? []) {
    const answer = outcome.then(async (result) => {
      if (result.kind !== 'signedIn') throw new Error('not signed in');
      const response = await fetch(`/api${path}`, {
        headers: { Authorization: `Bearer ${accessToken()}`, 'X-Wekeza-Channel': channel },
        cache: 'no-store',
      });
      if (!response.ok) throw new Error(String(response.status));
      return response.json();
    });
    // Whoever takes the answer handles its failure; when nobody does, it is no news.
    answer.catch(() => {});
    prefetched.set(path, answer);
  }
}

/** The outcome of the session's first request; asked for now when `begin` did not. */
export function firstOutcome(): Promise<RefreshOutcome> {
  outcome ??= refresh();
  return outcome;
}

/** The answer to an early request, once: whoever asks again wants fresh data. */
export function takePrefetched(path: string): Promise<unknown> | undefined {
  const answer = prefetched.get(path);
  prefetched.delete(path);
  return answer;
}
