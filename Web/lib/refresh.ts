// The session's heart. The access token lives in a variable of this module and nowhere else: not in storage, not on a global.

import { isReturning } from './returning';
import type { Begun } from './start';
import { type ChannelName, type RefreshOutcome, trade } from './trade';

export type { ChannelName, RefreshOutcome, TokenAnswer } from './trade';

let channel: ChannelName = 'personal';
let token: string | null = null;
let running: Promise<RefreshOutcome> | null = null;
let first: Promise<RefreshOutcome> | null = null;
/** What came along with the first outcome, by path. */
const early = new Map<string, unknown>();

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

/** The refresh under way, if there is one. */
export function runningRefresh(): Promise<RefreshOutcome> | null {
  return running;
}

function watch(outcome: Promise<RefreshOutcome>): Promise<RefreshOutcome> {
  running = outcome
    .then((result) => {
      if (result.kind === 'signedIn') token = result.answer.token;
      if (result.kind === 'ended') token = null;
      return result;
    })
    .finally(() => {
      running = null;
    });
  return running;
}

/** Whoever asks while a refresh runs gets its outcome: the cookie is spent once. */
export function refresh(): Promise<RefreshOutcome> {
  return running ?? watch(trade(channel));
}

/** The outcome of the page's first request; when start.ts has sent none, there is no session to continue. */
export function firstOutcome(): Promise<RefreshOutcome> {
  first ??= isReturning() ? refresh() : Promise.resolve({ kind: 'ended', code: 'authentication_required' });
  return first;
}

/** The answer that came along with the session, once: whoever asks again wants fresh data. */
export function takeEarly(path: string): unknown {
  const answer = early.get(path);
  early.delete(path);
  return answer;
}

/** Takes over what start.ts has begun, so that no other script finds it. */
function takeOver(): void {
  const page = document.documentElement.dataset;
  channel = (page['channel'] as ChannelName | undefined) ?? channel;
  const holder = window as unknown as { wekeza?: Begun };
  const begun = holder.wekeza;
  delete holder.wekeza;
  if (!begun) return;
  first = watch(
    begun.outcome.then((result) => {
      if (begun.first && result.kind === 'signedIn' && result.answer.then) early.set(begun.first, result.answer.then.body);
      return result;
    }),
  );
}

if (typeof document !== 'undefined') takeOver();
