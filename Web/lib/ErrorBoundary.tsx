// The last net: when a page fails, the person is told what to do instead of seeing nothing.

import { Component, type ReactNode } from 'react';
import { useLanguageStore } from './i18n';

const texts = {
  en: {
    title: 'This page has stopped working',
    detail: 'It is our fault, not yours. What you sent before is safe with the bank. Load the page again to go on.',
    reload: 'Load the page again',
  },
  sw: {
    title: 'Ukurasa huu umeacha kufanya kazi',
    detail: 'Ni kosa letu, si lako. Ulichotuma awali kiko salama benki. Pakia ukurasa upya ili uendelee.',
    reload: 'Pakia ukurasa upya',
  },
};

interface State {
  hasFailed: boolean;
}

export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { hasFailed: false };

  static getDerivedStateFromError(): State {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    // No component of the design system: what failed may be one of them.
    const text = texts[useLanguageStore.getState().language];
    return (
      <main role="alert" className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-4 p-6">
        <h1 className="text-2xl font-semibold">{text.title}</h1>
        <p>{text.detail}</p>
        <button type="button" className="min-h-11 self-start font-semibold underline" onClick={() => location.reload()}>
          {text.reload}
        </button>
      </main>
    );
  }
}
