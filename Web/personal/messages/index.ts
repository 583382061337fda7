import '../core';
import { createMessages } from '../../lib/i18n';
import { en } from './en';

export type { PersonalMessages } from './en';

/** The texts of personal banking in the language of the page. */
export const useMessages = createMessages(en, { sw: () => import('./sw').then((module) => module.sw) });
