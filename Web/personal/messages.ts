import { createMessages } from '../lib/i18n';
import { en } from './messages.en';

export const useMessages = createMessages(en, { sw: () => import('./messages.sw').then((module) => module.sw) });
