// What a page does before its program has arrived: the first request of the session, which brings the data of the first page along.
// A plain script of its own, the first in the page, so that it runs before the browser lays out or compiles anything else.
//
// The page says by attributes of its html element what to ask: `data-channel`, and `data-first`, the path under /api whose answer
// the page at / shows first. The program takes what was begun from `window.wekeza` and removes it (refresh.ts).

import { isReturning } from './returning';
import { type ChannelName, type RefreshOutcome, trade } from './trade';
import { applyCachedTypeface } from './typeface';

/** What the program finds when it begins. */
export interface Begun {
  outcome: Promise<RefreshOutcome>;
  /** Path of the answer that comes along. */
  first: string | undefined;
}

const page = document.documentElement.dataset;

// Before the first frame, so that nothing flashes.
try {
  const theme = localStorage.getItem('wekeza.theme');
  if (theme === 'light' || theme === 'dark') page['theme'] = theme;
} catch {
  // The browser's preference holds.
}
applyCachedTypeface();

if (isReturning()) {
  const first = location.pathname === '/' ? page['first'] : undefined;
  const begun: Begun = { outcome: trade(page['channel'] as ChannelName, first && `/api${first}`, loadProgram), first };
  Object.assign(window, { wekeza: begun });
} else loadProgram();

/** Only when the request is on its way: compiling the program keeps the processor busy for a while. */
function loadProgram(): void {
  const load = () => {
    const program = document.querySelector<HTMLLinkElement>('link[data-program]');
    if (program) void import(program.href);
  };
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', load, { once: true });
  else load();
}
