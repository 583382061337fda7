import { createMessages } from '../../../lib/i18n';
import { en } from './en';

export type { DepositMessages } from './en';

/** The texts of the pages of deposits. */
export const useDepositMessages = createMessages(en, { sw: () => import('./sw').then((module) => module.sw) });
