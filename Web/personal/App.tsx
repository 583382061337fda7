import { Suspense, useEffect } from 'react';
import { lazyPage, Routes, route, usePlace } from '../lib/router';
import { retrySession, useSession } from '../lib/session';
import { Button } from '../ui/Button';
import { EmptyState } from '../ui/EmptyState';
import { Progress } from '../ui/Spinner';
import { Toasts } from '../ui/Toast';
import { Frame } from './Frame';
import { useMessages } from './messages';
import { NotFoundPage } from './NotFoundPage';
import OverviewPage from './overview/OverviewPage';

// The overview comes with the program; every other page is fetched when it is wanted, or before, while nothing else happens.
const SignInPage = lazyPage(() => import('./entrance/SignInPage'));
const SecondFactorPage = lazyPage(() => import('./entrance/SecondFactorPage'));
const ForgotPasswordPage = lazyPage(() => import('./entrance/ForgotPasswordPage'));
const ResetPasswordPage = lazyPage(() => import('./entrance/ResetPasswordPage'));
const ForcedPasswordPage = lazyPage(() => import('./entrance/ForcedPasswordPage'));
const SessionDialogs = lazyPage(() => import('./entrance/SessionDialogs'));
const AccountsPage = lazyPage(() => import('./accounts/AccountsPage'));
const AccountPage = lazyPage<{ account: string }>(() => import('./accounts/AccountPage'));
const TransferPage = lazyPage(() => import('./transfer/TransferPage'));
const ConfirmPage = lazyPage(() => import('./transfer/ConfirmPage'));
const ReceiptPage = lazyPage<{ transactionId: string }>(() => import('./transfer/ReceiptPage'));
const StandingOrdersPage = lazyPage(() => import('./standingOrders/StandingOrdersPage'));
const NewStandingOrderPage = lazyPage(() => import('./standingOrders/NewStandingOrderPage'));
const StandingOrderPage = lazyPage<{ standingOrderId: string }>(() => import('./standingOrders/StandingOrderPage'));
const BeneficiariesPage = lazyPage(() => import('./beneficiaries/BeneficiariesPage'));
const ProfilePage = lazyPage(() => import('./profile/ProfilePage'));
const SecurityPage = lazyPage(() => import('./security/SecurityPage'));
const OpenAccountPage = lazyPage(() => import('./accounts/OpenAccountPage'));
const DepositsPage = lazyPage(() => import('./deposits/DepositsPage'));
const NewDepositPage = lazyPage(() => import('./deposits/NewDepositPage'));
const ConfirmDepositPage = lazyPage(() => import('./deposits/ConfirmDepositPage'));
const DepositPage = lazyPage<{ depositId: string }>(() => import('./deposits/DepositPage'));
const IdentityPage = lazyPage(() => import('./identity/IdentityPage'));
const DocumentsPage = lazyPage(() => import('./documents/DocumentsPage'));
const MorePage = lazyPage(() => import('./MorePage'));
const NotificationsPage = lazyPage(() => import('./notifications/NotificationsPage'));

const routes = [
  route('/', OverviewPage),
  route('/accounts', AccountsPage),
  route('/accounts/new', OpenAccountPage),
  route('/accounts/:account', AccountPage),
  route('/transfer', TransferPage),
  route('/transfer/confirm', ConfirmPage),
  route('/transactions/:transactionId', ReceiptPage),
  route('/standing-orders', StandingOrdersPage),
  route('/standing-orders/new', NewStandingOrderPage),
  route('/standing-orders/:standingOrderId', StandingOrderPage),
  route('/beneficiaries', BeneficiariesPage),
  route('/profile', ProfilePage),
  route('/security', SecurityPage),
  route('/notifications', NotificationsPage),
  route('/deposits', DepositsPage),
  route('/deposits/new', NewDepositPage),
  route('/deposits/confirm', ConfirmDepositPage),
  route('/deposits/:depositId', DepositPage),
  route('/identity', IdentityPage),
  route('/documents', DocumentsPage),
  route('/more', MorePage),
];

/** Pages that need no session. Every other address shows the sign-in and stays what it is, so that one goes on where one wanted to. */
const openRoutes = [route('/forgot-password', ForgotPasswordPage), route('/reset-password', ResetPasswordPage)];

const loading = <Progress />;
const preloadAfterMilliseconds = 2_500;

export function App() {
  return (
    <>
      <Gate />
      <Toasts />
    </>
  );
}

/** Decides who sees what: strangers the entrance, customers the bank. */
function Gate() {
  const status = useSession((state) => state.status);
  const { pathname } = usePlace();
  const isOpenPage = openRoutes.some((each) => each.pattern === pathname);
  if (isOpenPage && status !== 'expired') return <Routes routes={openRoutes} notFound={null} loading={loading} />;
  switch (status) {
    case 'starting':
      // Whoever was here before most likely still may be: the frame stands already, only the figures are missing.
      return <Frame>{pathname === '/' ? <OverviewPage /> : loading}</Frame>;
    case 'unreachable':
      return <Unreachable />;
    case 'signedOut':
      return <Routes routes={[route(pathname, SignInPage)]} notFound={null} loading={loading} />;
    case 'mfaRequired':
      return <Routes routes={[route(pathname, SecondFactorPage)]} notFound={null} loading={loading} />;
    case 'passwordChangeRequired':
      return <Routes routes={[route(pathname, ForcedPasswordPage)]} notFound={null} loading={loading} />;
    default:
      return <Bank />;
  }
}

function Bank() {
  const hasDialog = useSession((state) => state.status === 'expired' || state.idleEndsAt !== null);
  useEffect(() => {
    const timer = setTimeout(() => {
      for (const page of [TransferPage, ConfirmPage, ReceiptPage, AccountPage, SignInPage, SessionDialogs]) page.preload();
    }, preloadAfterMilliseconds);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      <Frame>
        <Routes routes={routes} notFound={<NotFoundPage />} loading={loading} />
      </Frame>
      {hasDialog && (
        <Suspense fallback={null}>
          <SessionDialogs />
        </Suspense>
      )}
    </>
  );
}

function Unreachable() {
  const text = useMessages();
  return (
    <main className="flex min-h-dvh items-center justify-center">
      <EmptyState
        icon="wifi-off"
        title={<h1>{text.common.offline}</h1>}
        action={<Button onClick={() => void retrySession()}>{text.common.tryAgain}</Button>}
      >
        {text.problems['network_unreachable']}
      </EmptyState>
    </main>
  );
}
