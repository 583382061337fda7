import { createMessages } from '../lib/i18n';

/** What the design system itself says; pages bring their own words. */
export const en = {
  loading: 'Loading…',
  close: 'Close',
  loadMore: 'Show more',
  loadingMore: 'Loading more…',
  showPassword: 'Show password',
  hidePassword: 'Hide password',
  optional: 'optional',
  skipToContent: 'Skip to content',
  mainNavigation: 'Main navigation',
  more: 'More',
  showTable: 'Show as a table',
  dismiss: 'Dismiss',
  step: (index: number, count: number) => `Step ${index} of ${count}:`,
  done: 'done',
  retry: 'Try again',
};

export type UiTexts = typeof en;

export const useUiTexts = createMessages(en, { sw: () => import('./texts.sw').then((module) => module.sw) });
