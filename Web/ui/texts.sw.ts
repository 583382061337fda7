import type { UiTexts } from './texts';

export const sw: UiTexts = {
  loading: 'Inapakia…',
  close: 'Funga',
  loadMore: 'Onyesha zaidi',
  loadingMore: 'Inapakia zaidi…',
  showPassword: 'Onyesha nenosiri',
  hidePassword: 'Ficha nenosiri',
  optional: 'si lazima',
  skipToContent: 'Ruka hadi kwenye maudhui',
  mainNavigation: 'Menyu kuu',
  more: 'Zaidi',
  showTable: 'Onyesha kama jedwali',
  dismiss: 'Ondoa',
  step: (index, count) => `Hatua ya ${index} kati ya ${count}:`,
  done: 'imekamilika',
  retry: 'Jaribu tena',
};
