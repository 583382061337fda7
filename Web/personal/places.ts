import type { Place } from '../ui/Shell';
import { useMessages } from './messages';

/** Where one can go: all of it at the side of a desktop, the daily part along the bottom of a telephone, the rest one step away. */
export function usePlaces(unread: number): { places: Place[]; phonePlaces: Place[]; morePlaces: Place[] } {
  const text = useMessages();
  const overview: Place = { to: '/', label: text.nav.overview, shortLabel: text.nav.overviewShort, icon: 'house' };
  const accounts: Place = { to: '/accounts', label: text.nav.accounts, icon: 'wallet' };
  const transfer: Place = { to: '/transfer', label: text.nav.transfer, shortLabel: text.nav.transferShort, icon: 'send' };
  const deposits: Place = { to: '/deposits', label: text.nav.deposits, icon: 'sprout' };
  const more: Place = { to: '/more', label: text.nav.more, icon: 'menu' };
  return {
    places: [
      overview,
      accounts,
      transfer,
      { to: '/standing-orders', label: text.nav.standingOrders, icon: 'calendar-sync' },
      { to: '/beneficiaries', label: text.nav.beneficiaries, icon: 'users' },
      deposits,
      { to: '/documents', label: text.nav.documents, icon: 'file-text' },
    ],
    phonePlaces: [overview, accounts, transfer, deposits, more],
    morePlaces: [
      { to: '/notifications', label: text.nav.notifications, icon: 'bell', count: unread, countLabel: text.nav.unread },
      { to: '/identity', label: text.nav.identity, icon: 'id-card' },
      { to: '/profile', label: text.nav.profile, icon: 'circle-user' },
      { to: '/security', label: text.nav.security, icon: 'shield-check' },
    ],
  };
}
