import { createMessages } from '../../../lib/i18n';
import { en } from './en';

export type { DocumentMessages } from './en';

/** The texts of this page alone. */
export const useDocumentMessages = createMessages(en, { sw: () => import('./sw').then((module) => module.sw) });
