import { createMessages } from '../../../lib/i18n';
import { en } from './en';

export type { OpeningMessages } from './en';

/** The texts of opening an account. */
export const useOpeningMessages = createMessages(en, { sw: () => import('./sw').then((module) => module.sw) });
