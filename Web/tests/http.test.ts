import assert from 'node:assert/strict';
import test, { beforeEach } from 'node:test';
import type { AxiosRequestConfig } from 'axios';
import { fillPath, http, onSession, ProblemError, request, useConnection } from '../lib/http';
import { accessToken, refresh, setAccessToken, setChannel } from '../lib/refresh';

interface Sent {
  method: string;
  url: string;
  headers: Record<string, string>;
  data: unknown;
}

let sent: Sent[] = [];
let refreshes = 0;
let ended: string[] = [];

type Answer = { status: number; data?: unknown; headers?: Record<string, string> } | 'lost';

/** Lets the bank answer with what a function says. */
function bank(answer: (request: Sent) => Answer): void {
  http.defaults.adapter = async (config: AxiosRequestConfig) => {
    const seen = {
      method: String(config.method),
      url: String(config.url),
      headers: { ...(config.headers as unknown as Record<string, string>) },
      data: config.data,
    };
    sent.push(seen);
    // Every answer takes a moment, so that requests overlap.
    await new Promise((resolve) => setImmediate(resolve));
    const reply = answer(seen);
    if (reply === 'lost') throw Object.assign(new Error('Network Error'), { code: 'ERR_NETWORK', config });
    const response = { status: reply.status, statusText: '', data: reply.data, headers: reply.headers ?? {}, config };
    if (reply.status >= 400) throw Object.assign(new Error('refused'), { response, config });
    return response;
  };
}

function refreshAnswers(answer: () => { status: number; body: unknown } | 'lost'): void {
  globalThis.fetch = (async () => {
    refreshes += 1;
    await new Promise((resolve) => setImmediate(resolve));
    const reply = answer();
    if (reply === 'lost') throw new TypeError('fetch failed');
    return new Response(JSON.stringify(reply.body), { status: reply.status });
  }) as typeof fetch;
}

const user = { id: 'u', username: 'customer1' };
const expired = { status: 401, data: { code: 'invalid_token', detail: 'expired' } };

beforeEach(() => {
  sent = [];
  refreshes = 0;
  ended = [];
  setChannel('personal');
  setAccessToken('old');
  useConnection.setState({ isOnline: true, isSlow: false });
  onSession({ ended: (code) => ended.push(code), passwordChangeRequired: () => {}, refreshed: () => {}, requested: () => {} });
  refreshAnswers(() => ({ status: 200, body: { token: 'new', expiresIn: 600, user } }));
});

test('requests carry the token and the channel', async () => {
  bank(() => ({ status: 200, data: { ok: true } }));
  assert.deepEqual(
    await request('GET', '/accounts/{account}', { path: { account: 'a/b' }, query: { q: 'x', limit: undefined } }),
    {
      ok: true,
    },
  );
  assert.equal(sent[0]?.url, '/accounts/a%2Fb');
  assert.equal(sent[0]?.headers['Authorization'], 'Bearer old');
  assert.equal(sent[0]?.headers['X-Wekeza-Channel'], 'personal');
});

test('many requests with an expired token cause one refresh, and all succeed', async () => {
  bank((seen) => (seen.headers['Authorization'] === 'Bearer new' ? { status: 200, data: seen.url } : expired));
  const answers = await Promise.all(['/a', '/b', '/c', '/d'].map((path) => request('GET', path)));
  assert.deepEqual(answers, ['/a', '/b', '/c', '/d']);
  assert.equal(refreshes, 1);
  assert.equal(accessToken(), 'new');
});

test('a refresh that several ask for is sent once', async () => {
  const outcomes = await Promise.all([refresh(), refresh(), refresh()]);
  assert.equal(refreshes, 1);
  assert.ok(outcomes.every((outcome) => outcome.kind === 'signedIn'));
  await refresh();
  assert.equal(refreshes, 2);
});

test('what is asked for while the session is continued waits for the token', async () => {
  setAccessToken(null);
  bank((seen) => (seen.headers['Authorization'] === 'Bearer new' ? { status: 200, data: 'data' } : expired));
  const continued = refresh();
  assert.equal(await request('GET', '/a'), 'data');
  await continued;
  assert.equal(sent.length, 1);
  assert.equal(refreshes, 1);
});

test('the end of the session is told once it is known, and the token is forgotten', async () => {
  bank(() => expired);
  refreshAnswers(() => ({ status: 401, body: { code: 'invalid_refresh_token' } }));
  await assert.rejects(request('GET', '/a'), (error: ProblemError) => error.code === 'session_expired');
  assert.deepEqual(ended, ['invalid_refresh_token']);
  assert.equal(accessToken(), null);
});

test('a bank that cannot be reached ends no session', async () => {
  bank(() => expired);
  refreshAnswers(() => 'lost');
  await assert.rejects(request('POST', '/a'), (error: ProblemError) => error.code === 'network_unreachable');
  refreshAnswers(() => ({ status: 503, body: {} }));
  await assert.rejects(request('POST', '/a'), (error: ProblemError) => error.code === 'network_unreachable');
  assert.deepEqual(ended, []);
  assert.equal(accessToken(), 'old');
});

test('a wrong password is no expired token', async () => {
  bank(() => ({ status: 401, data: { code: 'invalid_credentials', detail: 'no' } }));
  await assert.rejects(request('POST', '/authentication/login'), (error: ProblemError) => error.code === 'invalid_credentials');
  assert.equal(refreshes, 0);
});

test('an order with a key is repeated with the same key when its answer is lost, an order without a key is not', async () => {
  let answers: Answer[] = ['lost', { status: 409, data: { code: 'idempotency_in_progress' } }, { status: 201, data: 'done' }];
  bank(() => answers.shift() ?? 'lost');
  assert.equal(await request('POST', '/transfer', { body: { amount: '1.00' } }, { idempotencyKey: 'key-1' }), 'done');
  assert.deepEqual(
    sent.map((each) => each.headers['Idempotency-Key']),
    ['key-1', 'key-1', 'key-1'],
  );
  sent = [];
  answers = ['lost'];
  await assert.rejects(request('POST', '/login'), (error: ProblemError) => error.isUncertain);
  assert.equal(sent.length, 1);
});

test('a refusal is a typed problem with its fields', async () => {
  const problem = {
    code: 'validation_failed',
    detail: 'amount has more than 2 decimals',
    traceId: 't',
    errors: [{ field: 'amount', code: 'too_many_decimals', message: 'KES amounts have at most 2 decimals' }],
  };
  bank(() => ({ status: 422, data: problem, headers: { 'retry-after': '7' } }));
  await assert.rejects(request('POST', '/transfer', {}, { idempotencyKey: 'k' }), (error: ProblemError) => {
    assert.ok(error instanceof ProblemError);
    assert.equal(error.status, 422);
    assert.equal(error.code, 'validation_failed');
    assert.equal(error.fieldErrors['amount']?.code, 'too_many_decimals');
    assert.equal(error.retryAfterSeconds, 7);
    assert.equal(error.members['traceId'], 't');
    return true;
  });
  assert.equal(sent.length, 1);
});

test('a path without its value is a mistake of ours', () => {
  assert.throws(() => fillPath('/accounts/{account}', {}));
});
