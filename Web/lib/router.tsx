// A router in the history of the browser: typed parameters, links that are links, focus on the heading and the place on the page
// as a person left it.

import {
  type AnchorHTMLAttributes,
  type ComponentType,
  createElement,
  lazy,
  type MouseEvent,
  type ReactNode,
  Suspense,
  useEffect,
  useLayoutEffect,
} from 'react';
import { awaitCatalogues } from './i18n';
import { create } from './store';

// MARK: Patterns

/** The parameters of a pattern: `/accounts/:account` has `{ account: string }`. */
export type Parameters<Pattern extends string> = Pattern extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer Tail}`
    ? { [Key in Name]: string } & Parameters<`/${Tail}`>
    : { [Key in Rest]: string }
  : unknown;

/** The parameters of a path that fits the pattern, else null. */
export function match<Pattern extends string>(pattern: Pattern, path: string): Parameters<Pattern> | null {
  const wanted = pattern.split('/').filter(Boolean);
  const given = path.split('/').filter(Boolean);
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    if (segment.startsWith(':')) {
      try {
        found[segment.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (segment !== value) return null;
  }
  return found as Parameters<Pattern>;
}

/** The path of a pattern with its parameters filled in. */
export function href<Pattern extends string>(
  pattern: Pattern,
  ...[parameters]: unknown extends Parameters<Pattern> ? [] : [Parameters<Pattern>]
): string {
  const values = (parameters ?? {}) as Record<string, string>;
  return pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}

// MARK: Where we are

export interface Place {
  pathname: string;
  search: string;
  /** Of the entry in the browser's history. */
  key: string;
  /** What `navigate` was given along; survives a reload and is not in the address. */
  state: unknown;
  /** Whether the user came here by back or forward. */
  isReturn: boolean;
}

interface Entry {
  key: string;
  state: unknown;
}

function here(isReturn: boolean): Place {
  const entry = (history.state ?? null) as Entry | null;
  return {
    pathname: location.pathname,
    search: location.search,
    key: entry?.key ?? 'first',
    state: entry?.state,
    isReturn,
  };
}

const hasBrowser = typeof window !== 'undefined';
const usePlaceStore = create<Place>(() =>
  hasBrowser ? here(false) : { pathname: '/', search: '', key: 'first', state: undefined, isReturn: false },
);
const scrollPositions = new Map<string, number>();
let entryCount = 0;

export function usePlace(): Place {
  return usePlaceStore();
}

/** The query of the address. */
export function useSearch(): URLSearchParams {
  return new URLSearchParams(usePlaceStore((place) => place.search));
}

/** Parameters when the page's address fits the pattern, else null. */
export function useRoute<Pattern extends string>(pattern: Pattern): Parameters<Pattern> | null {
  const pathname = usePlaceStore((place) => place.pathname);
  return match(pattern, pathname);
}

/** Asked before a page is left; false keeps the user here. */
let guard: (() => boolean) | null = null;

export function navigate(to: string, options: { replace?: boolean; state?: unknown } = {}): void {
  const target = new URL(to, location.href);
  if (target.origin !== location.origin) {
    location.assign(target.href);
    return;
  }
  if (guard && target.pathname !== location.pathname && !guard()) return;
  scrollPositions.set(usePlaceStore.getState().key, scrollY);
  entryCount += 1;
  const entry: Entry = {
    key: options.replace ? usePlaceStore.getState().key : `${Date.now().toString(36)}-${entryCount}`,
    state: options.state,
  };
  if (options.replace) history.replaceState(entry, '', target.href);
  else history.pushState(entry, '', target.href);
  usePlaceStore.setState(here(false));
}

/** Back to where the user came from, or to `fallback` when this page was the first. */
export function goBack(fallback = '/'): void {
  if (entryCount > 0) history.back();
  else navigate(fallback, { replace: true });
}

/** Changes the query of the address without a new entry: filters that a reload keeps. */
export function replaceSearch(values: Record<string, string | undefined>): void {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value) search.set(name, value);
  const text = search.toString();
  history.replaceState(history.state, '', location.pathname + (text ? `?${text}` : ''));
  usePlaceStore.setState({ search: location.search });
}

/** To be called once, before the first rendering. */
export function installRouter(): void {
  history.scrollRestoration = 'manual';
  addEventListener('popstate', () => {
    const place = here(true);
    scrollPositions.set(usePlaceStore.getState().key, scrollY);
    usePlaceStore.setState(place);
  });
}

/** While `isDirty`, leaving the page asks first (also by reload or by closing the tab). */
export function useLeaveGuard(isDirty: boolean, question: string): void {
  useEffect(() => {
    if (!isDirty) return;
    const ask = () => confirm(question);
    const beforeUnload = (event: BeforeUnloadEvent) => {
      event.preventDefault();
      event.returnValue = question;
    };
    guard = ask;
    addEventListener('beforeunload', beforeUnload);
    return () => {
      if (guard === ask) guard = null;
      removeEventListener('beforeunload', beforeUnload);
    };
  }, [isDirty, question]);
}

// MARK: Links

export interface LinkProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> {
  to: string;
  replace?: boolean;
  state?: unknown;
  children?: ReactNode;
}

/** A link of this channel. Says by `aria-current` that it leads to the page shown. */
export function Link({ to, replace, state, onClick, children, ...rest }: LinkProps) {
  const isCurrent = usePlaceStore((place) => place.pathname === to.split(/[?#]/)[0]);
  const click = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !isPlain || (rest.target && rest.target !== '_self')) return;
    event.preventDefault();
    navigate(to, { ...(replace ? { replace } : {}), state });
  };
  return (
    <a aria-current={isCurrent ? 'page' : undefined} {...rest} href={to} onClick={click}>
      {children}
    </a>
  );
}

// MARK: Routes

export interface Route {
  pattern: string;
  render: (parameters: Record<string, string>) => ReactNode;
}

/** `route('/accounts/:account', AccountPage)`: the component gets the parameters as properties. */
export function route<Pattern extends string>(
  pattern: Pattern,
  component: ComponentType<unknown extends Parameters<Pattern> ? Record<string, never> : Parameters<Pattern>>,
): Route {
  return {
    pattern,
    render: (parameters) => createElement(component as ComponentType<Record<string, string>>, { key: pattern, ...parameters }),
  };
}

/** A page in a chunk of its own, fetched when it is first shown, or before by `preload`. */
export function lazyPage<Properties>(
  load: () => Promise<{ default: ComponentType<Properties> }>,
): ComponentType<Properties> & { preload: () => void } {
  const component = lazy(() =>
    loadOrReload(async () => {
      const page = (await load()) as { default: ComponentType<unknown> };
      await awaitCatalogues();
      return page;
    }),
  );
  const preload = () => void load().catch(() => {});
  return Object.assign(component as unknown as ComponentType<Properties>, { preload });
}

const reloadedKey = 'wekeza.reloaded';

/**
 * Without a line, waits for it: the banner says why. A chunk that cannot be fetched although there is one is usually of an older
 * version of the bank: then the page is loaded anew, once. When that does not help, the error boundary tells.
 */
async function loadOrReload<Module>(load: () => Promise<Module>): Promise<Module> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await load();
    } catch (error) {
      if (!navigator.onLine) await new Promise((resolve) => addEventListener('online', resolve, { once: true }));
      else if (attempt < 2) await new Promise((resolve) => setTimeout(resolve, 1_000));
      else if (Date.now() - Number(sessionStorage.getItem(reloadedKey) ?? '0') > 30_000) {
        sessionStorage.setItem(reloadedKey, String(Date.now()));
        location.reload();
        return new Promise<Module>(() => {});
      } else throw error;
    }
  }
}

/** Shows the page of the address. */
export function Routes({ routes, notFound, loading }: { routes: readonly Route[]; notFound: ReactNode; loading?: ReactNode }) {
  const { pathname, key } = usePlace();
  useArrival(pathname, key);
  for (const each of routes) {
    const parameters = match(each.pattern, pathname);
    // A boundary of its own for each page: React keeps what a boundary showed before in the document, hidden, until the new page is there.
    if (parameters)
      return (
        <Suspense key={each.pattern} fallback={loading}>
          {each.render(parameters as Record<string, string>)}
        </Suspense>
      );
  }
  return <>{notFound}</>;
}

let isFirstPage = true;

/** After a step to another page: the heading gets the focus, so that screen readers read it, and the page its place. */
function useArrival(pathname: string, key: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: an arrival is a change of path or entry
  useLayoutEffect(() => {
    if (isFirstPage) {
      isFirstPage = false;
      return;
    }
    const { isReturn } = usePlaceStore.getState();
    const y = isReturn ? (scrollPositions.get(key) ?? 0) : 0;
    let isFocused = false;
    /** True when nothing remains to be done. */
    const arrive = (): boolean => {
      const heading = isFocused ? null : document.querySelector<HTMLElement>('main h1');
      if (heading) {
        heading.tabIndex = -1;
        heading.focus({ preventScroll: true });
        isFocused = true;
      }
      const isHighEnough = document.documentElement.scrollHeight >= y + innerHeight;
      if (isHighEnough || y === 0) scrollTo(0, y);
      return isFocused && (isHighEnough || y === 0);
    };
    if (arrive()) return;
    // The page is still on its way; when it grows to its heading and its old height, arrive.
    const observer = new MutationObserver(() => {
      if (arrive()) observer.disconnect();
    });
    observer.observe(document.body, { childList: true, subtree: true });
    const timer = setTimeout(() => observer.disconnect(), 3_000);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
    };
  }, [pathname, key]);
}

/** The title of the tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Wekeza`;
  }, [title]);
}
