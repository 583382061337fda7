// Every request of the channels: one Axios instance on the same origin. Adds the access token, refreshes it once for all requests
// that need it, keeps an order's Idempotency-Key over retries, and turns whatever goes wrong into a ProblemError.

import axios, { type AxiosError, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import type { SignedInUser } from './api';
import { accessToken, channelName, refresh, runningRefresh } from './refresh';
import { create } from './store';

export interface FieldError {
  code: string;
  message: string;
}

/** The code of a problem: the contract's, or one of the page's own about a request without an answer. */
export type ProblemCode = string;

export class ProblemError extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly traceId: string | undefined;
  /** By the field's dotted path, `items[3].amount`. */
  readonly fieldErrors: Readonly<Record<string, FieldError>>;
  readonly retryAfterSeconds: number | undefined;
  /** All members of the problem document, such as `challengeId` or `attemptsLeft`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(problem: {
    status: number;
    code: ProblemCode;
    detail: string;
    traceId?: string | undefined;
    fieldErrors?: Record<string, FieldError>;
    retryAfterSeconds?: number | undefined;
    members?: Record<string, unknown>;
  }) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.traceId = problem.traceId;
    this.fieldErrors = problem.fieldErrors ?? {};
    this.retryAfterSeconds = problem.retryAfterSeconds;
    this.members = problem.members ?? {};
  }

  /** True when nobody knows whether the order was carried out: ask again with the same key. */
  get isUncertain(): boolean {
    return this.code === 'network_unreachable' || this.code === 'request_timeout' || this.status >= 500;
  }

  /** True when the caller itself gave the request up. */
  get isCancelled(): boolean {
    return this.code === 'cancelled';
  }
}

export interface RequestParts {
  path?: Record<string, string | number>;
  query?: object;
  body?: unknown;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** One for each thing the user wants once; a repeat with the same key has no second effect. */
  idempotencyKey?: string | undefined;
  stepUpToken?: string | undefined;
  timeoutMilliseconds?: number | undefined;
  responseType?: 'json' | 'blob';
  /** Told how far a file has been sent, from 0 to 1. */
  onUploadProgress?: (part: number) => void;
}

/** What the banner tells about the line to the bank. */
export const useConnection = create<{ isOnline: boolean; isSlow: boolean }>(() => ({
  isOnline: typeof navigator === 'undefined' || navigator.onLine !== false,
  isSlow: false,
}));

if (typeof addEventListener === 'function') {
  addEventListener('online', () => useConnection.setState({ isOnline: true }));
  addEventListener('offline', () => useConnection.setState({ isOnline: false }));
}

export const http = axios.create({ baseURL: '/api', timeout: 20_000, headers: { Accept: 'application/json' } });

/** Told when the session has ended while the page was open. */
let sessionEnded: (code: string) => void = () => {};
/** Told when the server insists on a new password. */
let passwordChangeRequired: () => void = () => {};
let tokenRefreshed: (user: SignedInUser) => void = () => {};
let requested: () => void = () => {};

export function onSession(handlers: {
  ended: (code: string) => void;
  passwordChangeRequired: () => void;
  refreshed: (user: SignedInUser) => void;
  requested: () => void;
}): void {
  sessionEnded = handlers.ended;
  passwordChangeRequired = handlers.passwordChangeRequired;
  tokenRefreshed = handlers.refreshed;
  requested = handlers.requested;
}

const slowAfterMilliseconds = 4_000;
const retryDelaysMilliseconds = [400, 1_500];
const longestRetryAfterSeconds = 5;
let slowRequests = 0;

/** Shows the banner while a request takes long. */
async function watchingTime<Value>(work: Promise<Value>): Promise<Value> {
  let isCounted = false;
  const timer = setTimeout(() => {
    isCounted = true;
    slowRequests += 1;
    useConnection.setState({ isSlow: true });
  }, slowAfterMilliseconds);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (isCounted) {
      slowRequests -= 1;
      if (slowRequests === 0) useConnection.setState({ isSlow: false });
    }
  }
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** `/accounts/{account}` with the account filled in, encoded. */
export function fillPath(template: string, values: Record<string, string | number> = {}): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined || value === '') throw new Error(`the path ${template} needs ${name}`);
    return encodeURIComponent(String(value));
  });
}

function queryParameters(query: object | undefined): Record<string, string> | undefined {
  if (!query) return undefined;
  const entries = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

/**
 * Sends a request and returns the body of its answer.
 * @param path under /api, with `{name}` where a value of `parts.path` goes
 * @throws ProblemError
 */
export async function request<Reply>(
  method: string,
  path: string,
  parts: RequestParts = {},
  options: CallOptions = {},
): Promise<Reply> {
  const config: AxiosRequestConfig = { method, url: fillPath(path, parts.path), headers: {} };
  const parameters = queryParameters(parts.query);
  if (parameters) config.params = parameters;
  if (parts.body !== undefined) config.data = parts.body;
  if (options.signal) config.signal = options.signal;
  if (options.timeoutMilliseconds) config.timeout = options.timeoutMilliseconds;
  if (options.responseType) config.responseType = options.responseType;
  const { onUploadProgress } = options;
  if (onUploadProgress) {
    config.onUploadProgress = (event: { loaded: number; total?: number }) =>
      onUploadProgress(event.loaded / (event.total || event.loaded || 1));
  }
  const isRepeatable = method === 'GET' || options.idempotencyKey !== undefined;
  requested();
  return watchingTime(withRetries<Reply>(config, options, isRepeatable));
}

async function withRetries<Reply>(config: AxiosRequestConfig, options: CallOptions, isRepeatable: boolean): Promise<Reply> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await sendSignedIn<Reply>(config, options);
    } catch (error) {
      const problem = error as ProblemError;
      const delay = retryDelaysMilliseconds[attempt];
      if (!isRepeatable || delay === undefined || !isWorthRepeating(problem) || options.signal?.aborted) throw problem;
      await sleep(Math.max(delay, (problem.retryAfterSeconds ?? 0) * 1_000), options.signal);
    }
  }
}

function isWorthRepeating(problem: ProblemError): boolean {
  if ((problem.retryAfterSeconds ?? 0) > longestRetryAfterSeconds) return false;
  if (problem.code === 'network_unreachable') return useConnection.getState().isOnline;
  return problem.status === 503 || problem.code === 'idempotency_in_progress';
}

/** With the token at hand; when that is refused, once more with a fresh one. */
async function sendSignedIn<Reply>(config: AxiosRequestConfig, options: CallOptions): Promise<Reply> {
  // What a page asks for while its session is being continued waits for the token instead of being refused for want of one.
  if (accessToken() === null) await runningRefresh();
  const used = accessToken();
  try {
    return await send<Reply>(config, options, used);
  } catch (error) {
    const problem = error as ProblemError;
    if (problem.code === 'password_change_required') passwordChangeRequired();
    const isTokenRefused = problem.status === 401 && ['invalid_token', 'authentication_required'].includes(problem.code);
    if (!isTokenRefused) throw problem;
    // Another request may have fetched a token while this one was on its way.
    if (used !== null && accessToken() !== null && accessToken() !== used) return send<Reply>(config, options, accessToken());
    const outcome = await refresh();
    if (outcome.kind === 'signedIn') {
      tokenRefreshed(outcome.answer.user);
      return send<Reply>(config, options, outcome.answer.token);
    }
    if (outcome.kind === 'unreachable') throw unreachable();
    sessionEnded(outcome.code);
    throw new ProblemError({ status: 401, code: 'session_expired', detail: 'Please sign in again.' });
  }
}

async function send<Reply>(config: AxiosRequestConfig, options: CallOptions, token: string | null): Promise<Reply> {
  const headers: Record<string, string> = { 'X-Wekeza-Channel': channelName() };
  if (token) headers['Authorization'] = `Bearer ${token}`;
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey;
  if (options.stepUpToken) headers['X-Step-Up-Token'] = options.stepUpToken;
  try {
    const response: AxiosResponse<Reply> = await http.request<Reply>({ ...config, headers });
    useConnection.setState({ isOnline: true });
    return response.data;
  } catch (error) {
    throw await problemOf(error as AxiosError);
  }
}

function unreachable(): ProblemError {
  return new ProblemError({ status: 0, code: 'network_unreachable', detail: 'The bank cannot be reached.' });
}

async function problemOf(error: AxiosError): Promise<ProblemError> {
  const isCancelled: boolean = axios.isCancel(error);
  if (isCancelled) return new ProblemError({ status: 0, code: 'cancelled', detail: 'Cancelled.' });
  if (error.code === 'ECONNABORTED' || error.code === 'ETIMEDOUT') {
    return new ProblemError({ status: 0, code: 'request_timeout', detail: 'The bank took too long to answer.' });
  }
  const { response } = error;
  if (!response) {
    if (typeof navigator !== 'undefined' && navigator.onLine === false) useConnection.setState({ isOnline: false });
    return unreachable();
  }
  return problemOfResponse(response);
}

interface ProblemDocument {
  code?: string;
  title?: string;
  detail?: string;
  traceId?: string;
  errors?: { field: string; code: string; message: string }[];
}

async function problemOfResponse(response: AxiosResponse): Promise<ProblemError> {
  let data: unknown = response.data;
  // A download's refusal is JSON all the same.
  if (typeof Blob !== 'undefined' && data instanceof Blob) data = JSON.parse(await data.text().catch(() => '{}'));
  const document = (typeof data === 'object' && data !== null ? data : {}) as ProblemDocument;
  const headers = response.headers as Record<string, string | undefined>;
  const retryAfter = Number(headers['retry-after']);
  const fieldErrors: Record<string, FieldError> = {};
  for (const { field, code, message } of document.errors ?? []) fieldErrors[field] ??= { code, message };
  return new ProblemError({
    status: response.status,
    code: document.code ?? 'unexpected_answer',
    detail: document.detail ?? document.title ?? 'Something went wrong on our side.',
    traceId: document.traceId ?? headers['x-trace-id'],
    fieldErrors,
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
    members: document as Record<string, unknown>,
  });
}

/** A fresh key for one submission of a form. */
export function newIdempotencyKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  // Pages without TLS on other hosts than localhost have no randomUUID.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
