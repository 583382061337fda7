import type { KeyboardEvent, ReactNode } from 'react';
import { useId, useRef } from 'react';
import { classes } from './classes';

export interface Tab<Name extends string> {
  name: Name;
  label: ReactNode;
}

/** Several views of one thing. Arrow keys move between the tabs, as everywhere else. */
export function Tabs<Name extends string>({
  label,
  tabs,
  chosen,
  onChoose,
  children,
}: {
  label: string;
  tabs: Array<Tab<Name>>;
  chosen: Name;
  onChoose: (name: Name) => void;
  children: ReactNode;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const index = (tabs.findIndex((tab) => tab.name === chosen) + step + tabs.length) % tabs.length;
    const next = tabs[index];
    if (next === undefined) return;
    onChoose(next.name);
    list.current?.querySelectorAll<HTMLButtonElement>('[role="tab"]')[index]?.focus();
  };
  return (
    <div>
      <div
        ref={list}
        role="tablist"
        aria-label={label}
        onKeyDown={move}
        className="mb-5 flex gap-1 rounded-control bg-sunken p-1 sm:inline-flex"
      >
        {tabs.map((tab) => {
          const isChosen = tab.name === chosen;
          return (
            <button
              key={tab.name}
              type="button"
              role="tab"
              id={`${id}-${tab.name}`}
              aria-selected={isChosen}
              aria-controls={`${id}-panel`}
              tabIndex={isChosen ? 0 : -1}
              onClick={() => onChoose(tab.name)}
              className={classes(
                'min-h-11 flex-1 rounded-lg px-2 py-1 text-sm font-semibold leading-tight transition-colors sm:min-h-9 sm:whitespace-nowrap sm:px-4',
                isChosen ? 'bg-surface text-ink shadow-card' : 'text-muted hover:text-ink',
              )}
            >
              {tab.label}
            </button>
          );
        })}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${chosen}`}>
        {children}
      </div>
    </div>
  );
}
