// Opening an account in English: the original. These texts come with the page.

export const en = {
  title: 'Open an account',
  lead: 'A further account of yours, ready at once.',
  product: 'Kind of account',
  types: { currentAccount: 'Current account', savingsAccount: 'Savings account' } as Record<string, string>,
  names: { FCY01: 'Foreign-currency account' } as Record<string, string>,
  pitches: {
    currentAccount: 'For everyday payments.',
    savingsAccount: 'Earns interest on every day’s balance, paid every month.',
    FCY01: 'For everyday payments in another currency.',
  } as Record<string, string>,
  upTo: (rate: string) => `up to ${rate} % a year`,
  currency: 'Currency',
  alias: 'Your name for it',
  aliasHint: 'For example “School fees” or “Holidays”. Only you see it.',
  submit: 'Open the account',
  opened: (name: string) => `${name} is open.`,
  none: 'No account is offered today. Please try again later.',
  problems: {
    product_not_active: 'This account is not offered today.',
    product_not_found: 'This account is not offered any more.',
    currency_not_offered: 'This account is not offered in this currency.',
    not_eligible: 'This account is not for you, or takes a higher level of your identity check.',
    kyc_required: 'Complete your identity check first.',
  } as Record<string, string>,
  toIdentity: 'To the identity check',
};

export type OpeningMessages = typeof en;
