import { createMessages } from '../../../lib/i18n';
import { en } from './en';

export type { IdentityMessages } from './en';

/** The texts of this page alone. */
export const useIdentityMessages = createMessages(en, { sw: () => import('./sw').then((module) => module.sw) });
