import type { ReactNode } from 'react';
import { useEffect, useId, useRef } from 'react';
import { IconButton } from './Button';
import { useUiTexts } from './texts';

/**
 * A question that must be answered before anything else. The browser's own modal dialog keeps the focus inside, closes on
 * Escape and gives the focus back to what opened it. On a phone it rises from the bottom edge.
 */
export function Dialog({
  title,
  isOpen,
  onClose,
  children,
  footer,
  /** While something is under way, Escape must not throw the answer away. */
  isLocked = false,
}: {
  title: ReactNode;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  footer?: ReactNode;
  isLocked?: boolean;
}) {
  const texts = useUiTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const titleID = useId();

  useEffect(() => {
    const element = dialog.current;
    if (element === null || !isOpen) return;
    const opener = document.activeElement;
    if (!element.open) element.showModal();
    return () => {
      if (element.open) element.close();
      // The browser returns the focus by itself unless React has already taken the dialog away.
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, [isOpen]);

  if (!isOpen) return null;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the dialog closes it, as Escape does for the keyboard
    <dialog
      ref={dialog}
      aria-labelledby={titleID}
      onCancel={(event) => {
        event.preventDefault();
        if (!isLocked) onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current && !isLocked) onClose();
      }}
      className="rise m-0 mt-auto max-h-[92dvh] w-full max-w-none overflow-visible bg-transparent text-ink sm:m-auto sm:max-w-lg"
    >
      <div className="flex max-h-[92dvh] flex-col rounded-t-card border border-line bg-raised shadow-float sm:rounded-card">
        <header className="flex items-center justify-between gap-3 py-3 pl-6 pr-3">
          <h2 id={titleID} className="text-lg font-semibold">
            {title}
          </h2>
          <IconButton
            icon="x"
            label={texts.close}
            onClick={onClose}
            disabled={isLocked}
            className={isLocked ? 'invisible' : ''}
          />
        </header>
        <div className="overflow-y-auto px-6 pb-6">{children}</div>
        {footer !== undefined && (
          <footer className="flex flex-col-reverse gap-3 border-t border-line px-6 py-4 sm:flex-row sm:justify-end">
            {footer}
          </footer>
        )}
      </div>
    </dialog>
  );
}
