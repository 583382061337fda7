// Who is signed in. Pages stay mounted while a session has expired, so that what a person typed is still there after signing in
// again in a dialog.

import { call, type SignedInUser } from './api';
import { onSession, ProblemError } from './http';
import { channelName, firstOutcome, refresh, setAccessToken, type TokenAnswer } from './refresh';
import { rememberReturning } from './returning';
import { create } from './store';

export type { SignedInUser } from './api';

export type SessionStatus =
  /** The first refresh is under way. */
  | 'starting'
  | 'signedOut'
  /** The password was right; a code is asked for. */
  | 'mfaRequired'
  | 'passwordChangeRequired'
  | 'signedIn'
  /** Was signed in on this page and is no longer: show the dialog over the page. */
  | 'expired'
  /** The bank could not be asked whether there is a session. */
  | 'unreachable';

export interface MfaChallenge {
  challengeId: string;
  methods: string[];
  expiresAt: number;
}

export interface SessionState {
  status: SessionStatus;
  user: SignedInUser | null;
  challenge: MfaChallenge | null;
  /** Why the last session ended, for a line on the login page. */
  endedBecause: 'idle' | 'elsewhere' | 'signedOut' | null;
  /** When the idle session ends; set while the warning is to be shown. */
  idleEndsAt: number | null;
}

const idleMinutes = 30;
const warningMinutes = 2;
const keepAliveMinutes = 5;

export const useSession = create<SessionState>(() => ({
  status: 'starting',
  user: null,
  challenge: null,
  endedBecause: null,
  idleEndsAt: null,
}));

const signedOut = { status: 'signedOut', user: null, challenge: null, idleEndsAt: null } as const;

/** Called when whatever is known about the user before must be forgotten: another person sits here now. */
const forgetters: (() => void)[] = [];
export function onForget(forget: () => void): void {
  forgetters.push(forget);
}

// MARK: Signing in

function enter(answer: TokenAnswer): void {
  const known = useSession.getState().user;
  if (known && known.id !== answer.user.id) for (const forget of forgetters) forget();
  setAccessToken(answer.token);
  rememberReturning(true);
  remember(owedKey, null);
  noteActivity();
  useSession.setState({
    status: answer.user.mustChangePassword ? 'passwordChangeRequired' : 'signedIn',
    user: answer.user,
    challenge: null,
    endedBecause: null,
    idleEndsAt: null,
  });
}

interface LoginReply extends Partial<TokenAnswer> {
  mfaRequired?: boolean | null;
  challengeId?: string | null;
  methods?: string[] | null;
}

function accept(reply: LoginReply & { expiresIn: number }): void {
  if (reply.mfaRequired && reply.challengeId) {
    const challenge = {
      challengeId: reply.challengeId,
      methods: reply.methods ?? ['totp'],
      expiresAt: Date.now() + reply.expiresIn * 1_000,
    };
    // An expired session stays one until the code is right: the page behind the dialog must not go.
    const { status } = useSession.getState();
    useSession.setState({ challenge, status: status === 'expired' ? 'expired' : 'mfaRequired' });
  } else if (reply.token && reply.user) {
    enter(reply as TokenAnswer);
  }
}

/** @throws ProblemError */
export async function login(username: string, password: string): Promise<void> {
  accept((await call('POST /authentication/login', { body: { username, password } })) as LoginReply & { expiresIn: number });
}

/** The second step: a code of the authenticator app, or one of the recovery codes. @throws ProblemError */
export async function verifyMfa(method: 'totp' | 'recoveryCode', code: string): Promise<void> {
  const challengeId = useSession.getState().challenge?.challengeId ?? '';
  enter((await call('POST /authentication/mfa/verify', { body: { challengeId, method, code } })) as TokenAnswer);
}

/** Back to the name and password. */
export function abandonMfa(): void {
  const { status } = useSession.getState();
  useSession.setState({ challenge: null, status: status === 'expired' ? 'expired' : 'signedOut' });
}

/** Asks the bank whether this browser has a session. */
export async function startSession(): Promise<void> {
  settle(await firstOutcome());
}

/** After `unreachable`. */
export async function retrySession(): Promise<void> {
  settle(await refresh());
}

function settle(outcome: Awaited<ReturnType<typeof refresh>>): void {
  if (outcome.kind === 'signedIn') enter(outcome.answer);
  else if (outcome.kind === 'unreachable') useSession.setState({ status: 'unreachable' });
  else {
    rememberReturning(false);
    useSession.setState(signedOut);
  }
}

/** @throws ProblemError */
export async function changePassword(currentPassword: string, newPassword: string): Promise<void> {
  await call('POST /authentication/change-password', { body: { currentPassword, newPassword } });
  const outcome = await refresh();
  if (outcome.kind === 'signedIn') enter(outcome.answer);
  else useSession.setState(signedOut);
}

/** After something about the user has changed; a failure is no news, the next refresh tells it too. */
export async function refreshUser(): Promise<void> {
  const user = await call('GET /authentication/me').catch(() => null);
  if (user) useSession.setState({ user });
}

// MARK: Signing out

/** Ends the session here and, as soon as the bank can be reached, there. */
export async function logout(because: SessionState['endedBecause'] = 'signedOut'): Promise<void> {
  const isDone = await endAtTheBank();
  remember(owedKey, isDone ? null : '1');
  leave(because);
  announce();
}

const owedKey = 'wekeza.signout-owed';

async function endAtTheBank(): Promise<boolean> {
  try {
    await call('POST /authentication/logout', {});
    return true;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return !error.isUncertain;
  }
}

/** Somebody signed out while the bank could not be reached: the cookie of that session must not wait for the next person. */
async function payOwedSignOut(): Promise<void> {
  if (recall(owedKey) === null || useSession.getState().user !== null) return;
  if (await endAtTheBank()) remember(owedKey, null);
}

/** Small notes that are no secrets, shared by the tabs of this channel. */
function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`${name}.${channelName()}`);
    else localStorage.setItem(`${name}.${channelName()}`, value);
  } catch {
    // Without storage every tab knows its own only.
  }
}

function recall(name: string): string | null {
  try {
    return localStorage.getItem(`${name}.${channelName()}`);
  } catch {
    return null;
  }
}

function leave(because: SessionState['endedBecause']): void {
  setAccessToken(null);
  rememberReturning(false);
  for (const forget of forgetters) forget();
  useSession.setState({ ...signedOut, endedBecause: because });
}

function expire(): void {
  setAccessToken(null);
  const { status } = useSession.getState();
  if (status === 'signedIn') useSession.setState({ status: 'expired', idleEndsAt: null });
  else if (status === 'passwordChangeRequired') leave('idle');
}

let tabs: BroadcastChannel | null = null;

/** Whoever signs out in one tab is signed out in all of them. */
function announce(): void {
  tabs?.postMessage('signedOut');
}

// MARK: Idle time

const activityKey = 'wekeza.active';
const activityNoteMilliseconds = 5_000;

let lastRequestAt = Date.now();
let lastInputAt = Date.now();
let lastNoteAt = 0;

function noteActivity(): void {
  noteRequest();
  lastInputAt = Date.now();
}

function noteRequest(): void {
  lastRequestAt = Date.now();
  if (lastRequestAt - lastNoteAt < activityNoteMilliseconds) return;
  lastNoteAt = lastRequestAt;
  remember(activityKey, String(lastRequestAt));
}

/** A person who works in another tab is not idle in this one. */
function lastActivityAt(): number {
  return Math.max(lastRequestAt, Number(recall(activityKey) ?? '0'));
}

/** "Stay signed in": any request counts as activity for the bank. */
export async function staySignedIn(): Promise<void> {
  useSession.setState({ idleEndsAt: null });
  lastInputAt = Date.now();
  const outcome = await refresh();
  if (outcome.kind === 'signedIn') {
    noteRequest();
  } else if (outcome.kind === 'ended') expire();
}

function watchIdleTime(): void {
  const { status, idleEndsAt } = useSession.getState();
  if (status !== 'signedIn') return;
  const now = Date.now();
  const minute = 60_000;
  const isActive = lastInputAt > lastRequestAt;
  // Somebody who types a long form is not idle: the bank is told so.
  if (isActive && now - lastRequestAt > keepAliveMinutes * minute && now - lastInputAt < minute) {
    void staySignedIn();
    return;
  }
  const endsAt = lastActivityAt() + idleMinutes * minute;
  if (now >= endsAt) {
    // The bank has ended the session, or is about to; asking it would only prolong what nobody uses.
    expire();
  } else {
    const shown = now >= endsAt - warningMinutes * minute ? endsAt : null;
    if (idleEndsAt !== shown) useSession.setState({ idleEndsAt: shown });
  }
}

/** To be called once, before the first rendering. */
export function installSession(): void {
  onSession({
    ended: expire,
    passwordChangeRequired: () => {
      const { status } = useSession.getState();
      if (status === 'signedIn') useSession.setState({ status: 'passwordChangeRequired' });
    },
    refreshed: (user) => useSession.setState({ user }),
    requested: () => {
      noteRequest();
      if (useSession.getState().idleEndsAt !== null) useSession.setState({ idleEndsAt: null });
    },
  });
  const input = () => {
    lastInputAt = Date.now();
  };
  addEventListener('keydown', input, { passive: true });
  addEventListener('pointerdown', input, { passive: true });
  setInterval(watchIdleTime, 10_000);
  addEventListener('online', () => void payOwedSignOut());
  void payOwedSignOut();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') watchIdleTime();
  });
  if (typeof BroadcastChannel === 'function') {
    tabs = new BroadcastChannel(`wekeza-${channelName()}`);
    tabs.onmessage = () => {
      if (useSession.getState().user) leave('elsewhere');
    };
  }
}
