// The session's heart, small enough to start before everything else: trades the HttpOnly refresh cookie for an access token.
// The token lives in a variable of this module and nowhere else: not in storage, not on a global.

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

let channel: ChannelName = 'personal';
let token: string | null = null;
let running: Promise<RefreshOutcome> | null = null;

export function setChannel(name: ChannelName): void {
  channel = name;
}

export function channelName(): ChannelName {
  return channel;
}

export function accessToken(): string | null {
  return token;
}

export function setAccessToken(value: string | null): void {
  token = value;
}

/** Several tabs share one cookie: each must read what the one before has written. */
function oneTabAtATime<Value>(work: () => Promise<Value>): Promise<Value> {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  if (!locks) return work();
  return locks.request(`wekeza-refresh-${channel}`, work) as unknown as Promise<Value>;
}

async function trade(then?: string): Promise<RefreshOutcome> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMilliseconds);
  try {
    const response = await fetch('/api/authentication/refresh', {
      method: 'POST',
      headers: { 'X-Wekeza-Channel': channel, ...(then ? { 'X-Wekeza-Then': then } : {}) },
      credentials: 'same-origin',
      cache: 'no-store',
      signal: abort.signal,
    });
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

/** The refresh under way, if there is one. */
export function runningRefresh(): Promise<RefreshOutcome> | null {
  return running;
}

/**
 * Whoever asks while a refresh runs gets its outcome: the cookie is spent once.
 * @param then path of the API to read in the same round trip
 */
export function refresh(then?: string): Promise<RefreshOutcome> {
  running ??= oneTabAtATime(() => trade(then))
    .then((outcome) => {
      if (outcome.kind === 'signedIn') token = outcome.answer.token;
      if (outcome.kind === 'ended') token = null;
      return outcome;
    })
    .finally(() => {
      running = null;
    });
  return running;
}
