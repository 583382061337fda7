import type { ReactNode } from 'react';
import { Link } from '../lib/router';
import { classes } from './classes';
import { Icon, type IconName } from './Icon';
import { Logo, Weave } from './Logo';
import { useUiTexts } from './texts';

export interface Place {
  to: string;
  label: string;
  /** For the bottom bar of a phone, where five have to fit. */
  shortLabel?: string;
  icon: IconName;
  /** Unread messages and the like. */
  count?: number | undefined;
  /** What the count counts, read out after it. */
  countLabel?: string | undefined;
}

function isHere(place: Place, path: string): boolean {
  return place.to === '/' ? path === '/' : path === place.to || path.startsWith(`${place.to}/`);
}

function Count({ place }: { place: Place }) {
  if (!place.count) return null;
  return (
    <span className="ml-auto min-w-6 rounded-full bg-accent px-1.5 text-center text-xs font-bold leading-6 text-[#14211f]">
      {place.count > 99 ? '99+' : place.count}
      <span className="sr-only"> {place.countLabel}</span>
    </span>
  );
}

/**
 * The frame of a channel: navigation at the side on a desktop, along the bottom on a phone. The content comes first in nothing
 * but importance, so a skip link leads to it.
 */
export function Shell({
  path,
  places,
  phonePlaces,
  morePlaces,
  phoneActions,
  account,
  notice,
  children,
}: {
  path: string;
  /** The daily ones, at the side of a desktop. */
  places: Place[];
  /** At most five: the phone's bottom bar. */
  phonePlaces: Place[];
  /** The others, in the side navigation below a line; a phone reaches them through `phoneActions`. */
  morePlaces: Place[];
  phoneActions: ReactNode;
  /** Who is signed in, at the foot of the side navigation. */
  account: ReactNode;
  /** Above every page: no connection, for example. */
  notice?: ReactNode;
  children: ReactNode;
}) {
  const texts = useUiTexts();
  return (
    <div className="min-h-dvh lg:pl-66">
      <a
        href="#content"
        className="sr-only z-50 rounded-control bg-brand px-4 py-3 font-semibold text-on-brand focus:not-sr-only focus:fixed focus:left-4 focus:top-3 focus:px-4 focus:py-3"
      >
        {texts.skipToContent}
      </a>

      <aside className="fixed inset-y-0 left-0 hidden w-66 flex-col overflow-y-auto border-r border-line bg-surface px-4 pb-4 pt-6 lg:flex print:hidden">
        <Link to="/" className="mb-8 inline-flex self-start rounded-control px-2" aria-label="Wekeza">
          <Logo />
        </Link>
        <nav aria-label={texts.mainNavigation} className="flex flex-1 flex-col">
          <ul className="space-y-1">
            {places.map((place) => (
              <SidePlace key={place.to} place={place} path={path} />
            ))}
          </ul>
          <hr className="my-4 border-line" />
          <ul className="space-y-1">
            {morePlaces.map((place) => (
              <SidePlace key={place.to} place={place} path={path} />
            ))}
          </ul>
        </nav>
        <div className="mt-6">{account}</div>
      </aside>

      <header className="sticky top-0 z-30 flex h-16 items-center justify-between border-b border-line bg-paper/95 pl-4 pr-2 backdrop-blur lg:hidden print:hidden">
        <Link to="/" className="inline-flex min-h-11 items-center rounded-control" aria-label="Wekeza">
          <Logo size={32} />
        </Link>
        <div className="flex items-center">{phoneActions}</div>
      </header>

      <main id="content" tabIndex={-1} className="mx-auto max-w-5xl px-4 pb-32 pt-5 sm:px-8 lg:pb-16 lg:pt-10">
        {notice}
        {children}
      </main>

      <nav
        aria-label={texts.mainNavigation}
        className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden print:hidden"
      >
        <ul className="mx-auto flex max-w-lg">
          {phonePlaces.map((place) => {
            const isCurrent = isHere(place, path);
            return (
              <li key={place.to} className="min-w-0 flex-1">
                <Link
                  to={place.to}
                  aria-current={isCurrent ? 'page' : undefined}
                  className={classes(
                    'flex h-16 flex-col items-center justify-center gap-1 text-xs',
                    isCurrent ? 'font-semibold text-brand-text' : 'font-medium text-muted',
                  )}
                >
                  <span
                    className={classes('flex h-7 w-13 items-center justify-center rounded-full', isCurrent && 'bg-brand-soft')}
                  >
                    <Icon name={place.icon} size={20} />
                  </span>
                  <span className="max-w-full truncate">{place.shortLabel ?? place.label}</span>
                </Link>
              </li>
            );
          })}
        </ul>
      </nav>
    </div>
  );
}

function SidePlace({ place, path }: { place: Place; path: string }) {
  const isCurrent = isHere(place, path);
  return (
    <li>
      <Link
        to={place.to}
        aria-current={isCurrent ? 'page' : undefined}
        className={classes(
          'flex min-h-11 items-center gap-3 rounded-control px-3 text-[0.9375rem] transition-colors',
          isCurrent ? 'bg-brand-soft font-semibold text-brand-text' : 'font-medium text-muted hover:bg-sunken hover:text-ink',
        )}
      >
        <Icon name={place.icon} size={20} />
        {place.label}
        <Count place={place} />
      </Link>
    </li>
  );
}

/** The frame around sign-in and everything before it: the bank's colours beside a form, on a phone the form alone. */
export function FrontDoor({
  motto,
  detail,
  children,
  corner,
}: {
  motto: string;
  detail: string;
  children: ReactNode;
  corner: ReactNode;
}) {
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
      <header className="relative hidden flex-col overflow-hidden bg-deep p-12 lg:flex">
        <Weave className="absolute -bottom-80 -right-80 size-[44rem]" />
        <Logo size={44} onDeep />
        <div className="relative mt-[18vh] max-w-md flex-1">
          <p className="text-balance text-4xl font-semibold leading-tight tracking-tight text-on-deep">{motto}</p>
          <p className="mt-4 text-lg text-on-deep-muted">{detail}</p>
        </div>
      </header>
      <main id="content" className="flex flex-col px-5 pb-10 pt-4 sm:px-10">
        <div className="flex min-h-11 items-center justify-between lg:justify-end">
          <span className="lg:hidden">
            <Logo />
          </span>
          {corner}
        </div>
        <div className="mx-auto flex w-full max-w-md flex-1 flex-col justify-center py-8">{children}</div>
      </main>
    </div>
  );
}
