// The one request that continues a session: trades the HttpOnly refresh cookie for an access token.

import type { SignedInUser } from './api';

export type ChannelName = 'personal' | 'corporate' | 'sme' | 'staff';

export interface TokenAnswer {
  token: string;
  expiresIn: number;
  user: SignedInUser;
  /** The answer to what was asked for along with it. */
  then?: { status: number; body: unknown };
}

export type RefreshOutcome =
  | { kind: 'signedIn'; answer: TokenAnswer }
  /** The session is over: the cookie is gone, spent or revoked. */
  | { kind: 'ended'; code: string }
  /** Nobody answered, or not now. The session may well live. */
  | { kind: 'unreachable' };

const timeoutMilliseconds = 20_000;

const overlapMilliseconds = 3_000;

/** When a tab last sent this request; now somebody does again. */
function lastSentAt(channel: ChannelName): number {
  const key = `wekeza.refreshed.${channel}`;
  try {
    const before = Number(localStorage.getItem(key) ?? '0');
    localStorage.setItem(key, String(Date.now()));
    return before;
  } catch {
    return Date.now();
  }
}

/**
 * Several tabs share one cookie: each must read what the one before has written. Being given the lock takes a while on a busy
 * processor, so a tab that is alone sends at once and takes the lock for those who come after it.
 */
function oneTabAtATime<Value>(channel: ChannelName, work: () => Promise<Value>): Promise<Value> {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  if (!locks) return work();
  const name = `wekeza-refresh-${channel}`;
  if (Date.now() - lastSentAt(channel) < overlapMilliseconds) return locks.request(name, work) as unknown as Promise<Value>;
  const result = work();
  void locks.request(name, () => result.catch(() => {}));
  return result;
}

async function send(channel: ChannelName, then: string | undefined, sent: () => void): Promise<RefreshOutcome> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMilliseconds);
  try {
    const answer = fetch('/api/authentication/refresh', {
      method: 'POST',
      headers: { 'X-Wekeza-Channel': channel, ...(then ? { 'X-Wekeza-Then': then } : {}) },
      credentials: 'same-origin',
      cache: 'no-store',
      signal: abort.signal,
    });
    sent();
    const response = await answer;
    if (response.ok) return { kind: 'signedIn', answer: (await response.json()) as TokenAnswer };
    if (response.status === 429 || response.status >= 500) return { kind: 'unreachable' };
    const problem = (await response.json().catch(() => ({}))) as { code?: string };
    return { kind: 'ended', code: problem.code ?? 'invalid_refresh_token' };
  } catch {
    return { kind: 'unreachable' };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param then path of the API to read in the same round trip
 * @param sent called as soon as the request is on its way
 */
export function trade(channel: ChannelName, then?: string, sent: () => void = () => {}): Promise<RefreshOutcome> {
  return oneTabAtATime(channel, () => send(channel, then, sent));
}
