// How every channel's program begins.

import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ErrorBoundary } from './ErrorBoundary';
import { prepareLanguage } from './i18n';
import { installRouter } from './router';
import { installSession, startSession } from './session';
import { fetchTypeface } from './typeface';

const typefaceAfterMilliseconds = 3_000;
/** How long the first frame waits for the session's answer, so that it shows money at once instead of its outline first. */
const patienceMilliseconds = 120;

/** Shows the channel. The session's first answer is usually on its way already (see start.ts). */
export function mount(app: ReactNode): void {
  const root = document.getElementById('app');
  if (!root) throw new Error('the page has no element #app');
  installSession();
  installRouter();
  const patience = new Promise((resolve) => setTimeout(resolve, patienceMilliseconds));
  void Promise.all([prepareLanguage(), Promise.race([startSession(), patience])]).then(() => {
    createRoot(root).render(
      <StrictMode>
        <ErrorBoundary>{app}</ErrorBoundary>
      </StrictMode>,
    );
    setTimeout(() => void fetchTypeface(), typefaceAfterMilliseconds);
  });
}
