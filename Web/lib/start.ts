// What a page does before its program has arrived: the first request of the session, which brings the data of the first page along.
// This module has no imports but one, comes first and runs at once, so the answer is there (or under way) when React begins.
//
// The page says by attributes of its html element what to ask: `data-channel`, and `data-first`, the path under /api whose answer
// the page at / shows first.

import { type ChannelName, type RefreshOutcome, refresh, setChannel } from './refresh';

let outcome: Promise<RefreshOutcome> | null = null;
const prefetched = new Map<string, Promise<unknown>>();

function hintKey(): string {
  return `wekeza.returning.${document.documentElement.dataset['channel'] ?? ''}`;
}

/** Whether this browser has signed in and not out: says nothing about who, and saves strangers a request. */
function isReturning(): boolean {
  try {
    return localStorage.getItem(hintKey()) === '1';
  } catch {
    return true;
  }
}

export function rememberReturning(isSignedIn: boolean): void {
  try {
    if (isSignedIn) localStorage.setItem(hintKey(), '1');
    else localStorage.removeItem(hintKey());
  } catch {
    // Without storage every visit asks.
  }
}

/** Before the first frame, so that nothing flashes. */
function applyTheme(page: DOMStringMap): void {
  try {
    const theme = localStorage.getItem('wekeza.theme');
    if (theme === 'light' || theme === 'dark') page['theme'] = theme;
  } catch {
    // The browser's preference holds.
  }
}

function begin(): void {
  const page = document.documentElement.dataset;
  setChannel(page['channel'] as ChannelName);
  applyTheme(page);
  if (!isReturning()) {
    outcome = Promise.resolve({ kind: 'ended', code: 'authentication_required' });
    return;
  }
  const first = location.pathname === '/' ? page['first'] : undefined;
  outcome = refresh(first && `/api${first}`);
  if (first === undefined) return;
  const answer = outcome.then((result) => {
    if (result.kind !== 'signedIn' || !result.answer.then) throw new Error('nothing came along');
    return result.answer.then.body;
  });
  // Whoever takes the answer handles its failure; when nobody does, it is no news.
  answer.catch(() => {});
  prefetched.set(first, answer);
}

/** The outcome of the session's first request. */
export function firstOutcome(): Promise<RefreshOutcome> {
  outcome ??= refresh();
  return outcome;
}

/** The answer that came along, once: whoever asks again wants fresh data. */
export function takePrefetched(path: string): Promise<unknown> | undefined {
  const answer = prefetched.get(path);
  prefetched.delete(path);
  return answer;
}

if (typeof document !== 'undefined') {
  begin();
  // Only now the program, which keeps the processor busy for a while.
  const program = document.querySelector<HTMLLinkElement>('link[data-program]');
  if (program) void import(program.href);
}
