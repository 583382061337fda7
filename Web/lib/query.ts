// Reading and writing through hooks. What was read is kept for the time of the session and shown at once while a fresh answer is
// under way; what is written carries one Idempotency-Key for each thing the user wants, however often it is sent.

import { useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState, useSyncExternalStore } from 'react';
import { type CallArguments, call, type Input, type ReadOperation, type Reply, type WriteOperation } from './api';
import { type CallOptions, fillPath, newIdempotencyKey, type ProblemError, type RequestParts } from './http';
import { runningRefresh, takeEarly } from './refresh';
import { onForget, useSession } from './session';

/** A wait that lasts longer is shown. */
const noticeableMilliseconds = 300;
/** An answer this young is not asked for again when another component wants it. */
const freshMilliseconds = 2_000;
const keptEntries = 100;

interface Snapshot<Data> {
  data: Data | undefined;
  error: ProblemError | null;
  isFetching: boolean;
}

class Entry {
  snapshot: Snapshot<unknown> = { data: undefined, error: null, isFetching: false };
  fetchedAt = 0;
  isStale = false;
  users = 0;
  private abort: AbortController | null = null;
  private readonly listeners = new Set<() => void>();

  /** @param early an answer that is there already, so that the first rendering shows it */
  constructor(
    private readonly load: (signal: AbortSignal) => Promise<unknown>,
    early: unknown,
  ) {
    if (early === undefined) return;
    this.snapshot = { ...this.snapshot, data: early };
    this.fetchedAt = Date.now();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    this.users += 1;
    return () => {
      this.listeners.delete(listener);
      this.users -= 1;
      // React subscribes anew when it renders again; nobody is left only when nobody has come back.
      setTimeout(() => {
        if (this.users === 0) this.abort?.abort();
      }, 0);
    };
  };

  read = (): Snapshot<unknown> => this.snapshot;

  private publish(change: Partial<Snapshot<unknown>>): void {
    this.snapshot = { ...this.snapshot, ...change };
    for (const listener of [...this.listeners]) listener();
  }

  get needsFetching(): boolean {
    if (this.snapshot.isFetching) return false;
    return this.isStale || this.snapshot.data === undefined || Date.now() - this.fetchedAt > freshMilliseconds;
  }

  async fetch(): Promise<void> {
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.isStale = false;
    this.publish({ isFetching: true });
    try {
      const data = await this.load(abort.signal);
      if (this.abort !== abort) return;
      this.fetchedAt = Date.now();
      this.publish({ data, error: null, isFetching: false });
    } catch (error) {
      if (this.abort !== abort) return;
      const problem = error as ProblemError;
      this.publish({ isFetching: false, ...(problem.isCancelled ? {} : { error: problem }) });
      if (problem.isCancelled) this.isStale = true;
    } finally {
      if (this.abort === abort) this.abort = null;
    }
  }

  invalidate(): void {
    this.isStale = true;
    if (this.users > 0) void this.fetch();
  }
}

const cache = new Map<string, Entry>();

function keyOf(operation: string, input: object | undefined): string {
  return `${operation} ${JSON.stringify(input ?? {})}`;
}

function entryOf<Name extends ReadOperation>(operation: Name, input: Input<Name> | undefined): Entry {
  const key = keyOf(operation, input);
  let entry = cache.get(key);
  if (!entry) {
    entry = new Entry((signal) => loadOperation(operation, input, signal), earlyAnswer(operation, input));
    cache.set(key, entry);
    if (cache.size > keptEntries) {
      for (const [name, old] of cache) {
        if (old.users === 0 && old !== entry) {
          cache.delete(name);
          break;
        }
      }
    }
  }
  return entry;
}

/** What came along with the session, if it is the answer to this. */
function earlyAnswer(operation: string, input: object | undefined): unknown {
  const parts = (input ?? {}) as RequestParts;
  return parts.query ? undefined : takeEarly(fillPath(operation.slice('GET '.length), parts.path));
}

async function loadOperation<Name extends ReadOperation>(
  operation: Name,
  input: Input<Name> | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  await runningRefresh();
  const early = earlyAnswer(operation, input);
  if (early !== undefined) return early;
  return call<ReadOperation>(operation, ...([input, { signal }] as unknown as CallArguments<ReadOperation>));
}

/** Forgets everything that was read: another person signs in, or nobody. */
export function clearQueries(): void {
  cache.clear();
}
onForget(clearQueries);

/** Marks answers as outdated and fetches again those that are on the screen: `invalidate('/customer-portal/')`. */
export function invalidate(pathPrefix = '/'): void {
  for (const [key, entry] of cache) if (key.startsWith(`GET ${pathPrefix}`)) entry.invalidate();
}

// A session that was continued in the dialog: what failed meanwhile is asked again.
useSession.subscribe((state, previous) => {
  if (state.status === 'signedIn' && previous.status === 'expired') invalidate();
});
if (typeof addEventListener === 'function') {
  addEventListener('online', () => {
    if (useSession.getState().status === 'signedIn') invalidate();
  });
}

/** True when something has lasted longer than a person waits without wondering. */
export function useIsNoticeable(isWaiting: boolean, milliseconds = noticeableMilliseconds): boolean {
  const [isNoticeable, setNoticeable] = useState(false);
  useEffect(() => {
    if (!isWaiting) {
      setNoticeable(false);
      return;
    }
    const timer = setTimeout(() => setNoticeable(true), milliseconds);
    return () => clearTimeout(timer);
  }, [isWaiting, milliseconds]);
  return isWaiting && isNoticeable;
}

const shown = new Set<string>();

/** Leaves a mark in the browser's performance timeline when an answer is first on the screen, for Benchmarks/web. */
function markShown(operation: string): void {
  if (shown.has(operation)) return;
  shown.add(operation);
  performance.mark(`committed ${operation}`);
  // A task after the next frame begins: by then the frame with the data was painted, and what its components do after it is done.
  requestAnimationFrame(() => setTimeout(() => performance.mark(`shown ${operation}`), 0));
}

export interface QueryResult<Data> {
  data: Data | undefined;
  error: ProblemError | null;
  /** Nothing to show yet. */
  isLoading: boolean;
  /** Nothing to show yet for more than 300 ms: show a skeleton. */
  isSlow: boolean;
  /** A request is under way, perhaps behind older data. */
  isFetching: boolean;
  refetch: () => void;
}

const nothing: Snapshot<never> = { data: undefined, error: null, isFetching: false };
const subscribeToNothing = () => () => {};

/**
 * `const { data, error, isSlow } = useQuery('GET /customer-portal/accounts/{account}', { path: { account } })`.
 * With `null` as input nothing is asked.
 */
export function useQuery<Name extends ReadOperation>(operation: Name, input?: Input<Name> | null): QueryResult<Reply<Name>> {
  const key = input === null ? null : keyOf(operation, input);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for operation and input
  const entry = useMemo(() => (key === null ? null : entryOf(operation, input ?? undefined)), [key]);
  const snapshot = useSyncExternalStore(entry?.subscribe ?? subscribeToNothing, entry?.read ?? (() => nothing)) as Snapshot<
    Reply<Name>
  >;
  useEffect(() => {
    if (entry?.needsFetching) void entry.fetch();
  }, [entry]);
  const refetch = useCallback(() => void entry?.fetch(), [entry]);
  const hasData = snapshot.data !== undefined;
  useLayoutEffect(() => {
    if (hasData) markShown(operation);
  }, [hasData, operation]);
  const isLoading = entry !== null && snapshot.data === undefined && snapshot.error === null;
  const isSlow = useIsNoticeable(isLoading);
  return { ...snapshot, isLoading, isSlow, refetch };
}

// MARK: Lists

interface Page<Item> {
  items: Item[];
  nextCursor?: string | null;
}
type PageOperation = {
  [Name in ReadOperation]: Reply<Name> extends Page<unknown> ? (Input<Name> extends { query?: object } ? Name : never) : never;
}[ReadOperation];
type ItemOf<Name extends PageOperation> = Reply<Name> extends Page<infer Item> ? Item : never;

export interface PagedResult<Item> {
  /** Undefined until the first page is there. */
  items: Item[] | undefined;
  error: ProblemError | null;
  isLoading: boolean;
  isSlow: boolean;
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => void;
  refetch: () => void;
}

/** A list with keyset paging: the first page as a query, further ones appended by `loadMore`. */
export function usePagedQuery<Name extends PageOperation>(
  operation: Name,
  input?: Input<Name> | null,
): PagedResult<ItemOf<Name>> {
  const first = useQuery(operation, input);
  const firstPage = first.data as Page<ItemOf<Name>> | undefined;
  const [more, setMore] = useState<{ of: unknown; pages: Page<ItemOf<Name>>[]; error: ProblemError | null; isLoading: boolean }>({
    of: undefined,
    pages: [],
    error: null,
    isLoading: false,
  });
  // Pages belong to the first page they continue; when that one is new, they are gone.
  const pages = more.of === firstPage ? more.pages : [];
  const last = pages[pages.length - 1] ?? firstPage;
  const isLoadingMore = more.of === firstPage && more.isLoading;
  const loadMore = () => {
    if (!last?.nextCursor || isLoadingMore) return;
    const parts = (input ?? {}) as RequestParts;
    const next = { ...parts, query: { ...parts.query, cursor: last.nextCursor } };
    setMore({ of: firstPage, pages, error: null, isLoading: true });
    call<ReadOperation>(operation, ...([next] as unknown as CallArguments<ReadOperation>)).then(
      (page) => setMore({ of: firstPage, pages: [...pages, page as Page<ItemOf<Name>>], error: null, isLoading: false }),
      (error: ProblemError) => setMore({ of: firstPage, pages, error, isLoading: false }),
    );
  };
  return {
    items: firstPage ? [firstPage, ...pages].flatMap((page) => page.items) : undefined,
    error: first.error ?? (more.of === firstPage ? more.error : null),
    isLoading: first.isLoading,
    isSlow: first.isSlow,
    hasMore: Boolean(last?.nextCursor),
    isLoadingMore,
    loadMore,
    refetch: first.refetch,
  };
}

// MARK: Writing

export interface Mutation<Name extends WriteOperation> {
  /**
   * Sends the order. While it runs, further calls join it. The same input keeps its Idempotency-Key until it has succeeded, so that
   * trying again never does it twice.
   * @returns the answer, or undefined when `error` tells why not
   */
  run: (...arguments_: CallArguments<Name>) => Promise<Reply<Name> | undefined>;
  data: Reply<Name> | undefined;
  error: ProblemError | null;
  isRunning: boolean;
  /** Running for more than 300 ms. */
  isSlow: boolean;
  /** Forgets answer, error and key: the next call is a new order. */
  reset: () => void;
}

export function useMutation<Name extends WriteOperation>(operation: Name): Mutation<Name> {
  const [state, setState] = useState<{ data: Reply<Name> | undefined; error: ProblemError | null; isRunning: boolean }>({
    data: undefined,
    error: null,
    isRunning: false,
  });
  const memory = useRef<{ running: Promise<Reply<Name> | undefined> | null; input: string; key: string; isMounted: boolean }>({
    running: null,
    input: '',
    key: '',
    isMounted: true,
  });
  useEffect(() => {
    const current = memory.current;
    current.isMounted = true;
    return () => {
      current.isMounted = false;
    };
  }, []);

  const run = useCallback(
    (...[input, options]: CallArguments<Name>): Promise<Reply<Name> | undefined> => {
      const current = memory.current;
      if (current.running) return current.running;
      const text = JSON.stringify(input ?? {});
      if (current.input !== text || !current.key) Object.assign(current, { input: text, key: newIdempotencyKey() });
      const publish = (change: Partial<typeof state>) => {
        if (current.isMounted) setState((before) => ({ ...before, ...change }));
      };
      const work = async () => {
        publish({ error: null, isRunning: true });
        try {
          const all: CallOptions = { ...options, idempotencyKey: options?.idempotencyKey ?? current.key };
          const data = await call<WriteOperation>(operation, ...([input, all] as unknown as CallArguments<WriteOperation>));
          current.key = '';
          publish({ data: data as Reply<Name>, isRunning: false });
          return data as Reply<Name>;
        } catch (error) {
          const problem = error as ProblemError;
          publish({ error: problem, isRunning: false });
          return undefined;
        } finally {
          current.running = null;
        }
      };
      current.running = work();
      return current.running;
    },
    [operation],
  );
  const reset = useCallback(() => {
    memory.current.key = '';
    setState({ data: undefined, error: null, isRunning: false });
  }, []);
  return { ...state, run, isSlow: useIsNoticeable(state.isRunning), reset };
}

/** Renders again at an interval, for countdowns. */
export function useTicker(milliseconds: number, isOn = true): void {
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!isOn) return;
    const timer = setInterval(tick, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, isOn]);
}
