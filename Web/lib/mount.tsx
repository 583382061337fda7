// How every channel's program begins.

import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ErrorBoundary } from './ErrorBoundary';
import { prepareLanguage } from './i18n';
import { installRouter } from './router';
import { installSession, startSession } from './session';

/** Shows the channel. The session's first answer is usually on its way already (see start.ts). */
export function mount(app: ReactNode): void {
  const root = document.getElementById('app');
  if (!root) throw new Error('the page has no element #app');
  installSession();
  installRouter();
  void startSession();
  void prepareLanguage().then(() =>
    createRoot(root).render(
      <StrictMode>
        <ErrorBoundary>{app}</ErrorBoundary>
      </StrictMode>,
    ),
  );
}
