import type { OpeningMessages } from './en';

export const sw: OpeningMessages = {
  title: 'Fungua akaunti',
  lead: 'Akaunti yako nyingine, tayari mara moja.',
  product: 'Aina ya akaunti',
  types: { currentAccount: 'Akaunti ya hundi', savingsAccount: 'Akaunti ya akiba' },
  names: { FCY01: 'Akaunti ya fedha za kigeni' },
  pitches: {
    currentAccount: 'Kwa malipo ya kila siku.',
    savingsAccount: 'Huzaa riba kwa salio la kila siku, hulipwa kila mwezi.',
    FCY01: 'Kwa malipo ya kila siku kwa sarafu nyingine.',
  },
  upTo: (rate) => `hadi ${rate} % kwa mwaka`,
  currency: 'Sarafu',
  alias: 'Jina unaloliita',
  aliasHint: 'Kwa mfano “Karo” au “Likizo”. Wewe tu ndiye unayeliona.',
  submit: 'Fungua akaunti',
  opened: (name) => `${name} imefunguliwa.`,
  none: 'Hakuna akaunti inayotolewa leo. Tafadhali jaribu baadaye.',
  problems: {
    product_not_active: 'Akaunti hii haitolewi leo.',
    product_not_found: 'Akaunti hii haitolewi tena.',
    currency_not_offered: 'Akaunti hii haitolewi kwa sarafu hii.',
    not_eligible: 'Akaunti hii si yako, au inahitaji kiwango cha juu cha utambulisho.',
    kyc_required: 'Kamilisha utambulisho wako kwanza.',
  },
  toIdentity: 'Nenda kwenye utambulisho',
};
