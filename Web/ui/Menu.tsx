import type { KeyboardEvent, ReactNode } from 'react';
import { useEffect, useId, useRef, useState } from 'react';
import { classes } from './classes';
import type { IconName } from './Icon';
import { Icon } from './Icon';

export interface MenuItem {
  label: string;
  icon?: IconName;
  isDangerous?: boolean;
  onChoose: () => void;
}

/** A button that opens a short list of actions; arrow keys, Home, End and Escape work as in any menu. */
export function Menu({
  label,
  items,
  trigger,
  align = 'right',
  opens = 'down',
  isWide = false,
}: {
  label: string;
  items: MenuItem[];
  trigger?: ReactNode;
  align?: 'left' | 'right';
  opens?: 'down' | 'up';
  /** The button takes the width there is. */
  isWide?: boolean;
}) {
  const [isOpen, setIsOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();

  const entries = () => Array.from(root.current?.querySelectorAll<HTMLButtonElement>('[role="menuitem"]') ?? []);
  const close = () => {
    setIsOpen(false);
    button.current?.focus();
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: opening is what matters
  useEffect(() => {
    if (!isOpen) return;
    entries()[0]?.focus();
    const closeOutside = (event: PointerEvent) => {
      if (event.target instanceof Node && root.current?.contains(event.target) === false) setIsOpen(false);
    };
    document.addEventListener('pointerdown', closeOutside);
    return () => document.removeEventListener('pointerdown', closeOutside);
  }, [isOpen]);

  const onKeyDown = (event: KeyboardEvent) => {
    const all = entries();
    const index = all.indexOf(document.activeElement as HTMLButtonElement);
    const target =
      event.key === 'ArrowDown'
        ? (index + 1) % all.length
        : event.key === 'ArrowUp'
          ? (index - 1 + all.length) % all.length
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? all.length - 1
              : null;
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    } else if (event.key === 'Tab') {
      setIsOpen(false);
    } else if (target !== null) {
      event.preventDefault();
      all[target]?.focus();
    }
  };

  return (
    <div ref={root} className={isWide ? 'relative' : 'relative inline-block'}>
      <button
        ref={button}
        type="button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-label={label}
        title={label}
        onClick={() => setIsOpen(!isOpen)}
        className={classes(
          'inline-flex min-h-11 min-w-11 items-center transition-colors',
          isWide
            ? 'w-full rounded-control text-left text-ink hover:bg-sunken'
            : 'justify-center rounded-full text-muted hover:bg-sunken hover:text-ink',
        )}
      >
        {trigger ?? <Icon name="ellipsis-vertical" size={20} />}
      </button>
      {isOpen && (
        <div
          id={id}
          role="menu"
          aria-label={label}
          onKeyDown={onKeyDown}
          className={classes(
            'rise absolute z-40 min-w-52 rounded-control border border-line bg-raised p-1.5 shadow-float',
            opens === 'up' ? 'bottom-full mb-1' : 'mt-1',
            align === 'right' ? 'right-0' : 'left-0',
          )}
        >
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                close();
                item.onChoose();
              }}
              className={classes(
                'flex min-h-11 w-full items-center gap-3 rounded-lg px-3 text-left text-[0.9375rem] font-medium hover:bg-sunken focus:bg-sunken',
                item.isDangerous ? 'text-danger' : 'text-ink',
              )}
            >
              {item.icon !== undefined && <Icon name={item.icon} size={18} />}
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
