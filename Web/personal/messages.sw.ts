import type { PersonalMessages } from './messages.en';

export const sw: PersonalMessages = {
  welcome: 'Karibu',
  signIn: 'Ingia',
  notFound: 'Ukurasa huu haupo',
};
