// Message catalogues. English is the original and comes with the page; another language is a chunk of its own, typed as the
// original, so that a missing or misspelt key fails the type check.

import type { Language } from './format';
import { create } from './store';

export type { Language } from './format';

export const languages: readonly { code: Language; name: string }[] = [
  { code: 'en', name: 'English' },
  { code: 'sw', name: 'Kiswahili' },
];

const storageKey = 'wekeza.language';

function preferred(): Language {
  try {
    const stored = localStorage.getItem(storageKey);
    if (stored === 'en' || stored === 'sw') return stored;
  } catch {
    // Storage may be switched off; the browser's language remains.
  }
  return typeof navigator !== 'undefined' && navigator.language?.toLowerCase().startsWith('sw') ? 'sw' : 'en';
}

/** Catalogues that must be there before a language is shown. */
const loaders: ((language: Language) => Promise<void>)[] = [];

export const useLanguageStore = create<{ language: Language }>(() => ({ language: preferred() }));

export function useLanguage(): Language {
  return useLanguageStore((state) => state.language);
}

/** Loads every catalogue of a language, then switches the page to it and remembers the choice. */
export async function setLanguage(language: Language): Promise<void> {
  await Promise.all(loaders.map((load) => load(language)));
  useLanguageStore.setState({ language });
  document.documentElement.lang = language;
  try {
    localStorage.setItem(storageKey, language);
  } catch {
    // Then the choice holds for this page.
  }
}

/** Until the language shown is there in every catalogue: those of a page that is fetched later come with that page. */
export async function awaitCatalogues(): Promise<void> {
  const { language } = useLanguageStore.getState();
  await Promise.all(loaders.map((load) => load(language)));
}

/** To be awaited before the first rendering. Falls back to English when the catalogue cannot be loaded. */
export async function prepareLanguage(): Promise<void> {
  const { language } = useLanguageStore.getState();
  try {
    await awaitCatalogues();
    document.documentElement.lang = language;
  } catch {
    useLanguageStore.setState({ language: 'en' });
    document.documentElement.lang = 'en';
  }
}

export interface Messages<Catalogue> {
  /** The catalogue of the language shown; the component renders again when it changes. */
  (): Catalogue;
  /** Outside of components. */
  current: () => Catalogue;
}

/**
 * Texts are strings, or functions that return them:
 *
 *     export const useMessages = createMessages(en, { sw: () => import('./messages.sw').then((module) => module.sw) });
 *     const text = useMessages(); … text.transfer.title … text.greeting(name)
 */
export function createMessages<Catalogue extends object>(
  en: Catalogue,
  others: { sw: () => Promise<Catalogue> },
): Messages<Catalogue> {
  const loaded: { en: Catalogue; sw?: Catalogue } = { en };
  loaders.push(async (language) => {
    if (language !== 'en' && !loaded[language]) loaded[language] = await others[language]();
  });
  const current = () => loaded[useLanguageStore.getState().language] ?? en;
  const use = () => loaded[useLanguage()] ?? en;
  return Object.assign(use, { current });
}
