import { useEffect, useSyncExternalStore } from 'react';
import { classes } from './classes';
import { Icon } from './Icon';
import { useUiTexts } from './texts';

interface Toast {
  id: number;
  kind: 'success' | 'danger' | 'info';
  text: string;
}

let toasts: Toast[] = [];
let lastID = 0;
const listeners = new Set<() => void>();

function change(next: Toast[]): void {
  toasts = next;
  for (const listener of [...listeners]) listener();
}

/** Says something in passing: what was done, never what must be read. */
export function showToast(text: string, kind: Toast['kind'] = 'success'): void {
  lastID += 1;
  change([...toasts.slice(-2), { id: lastID, kind, text }]);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** The place where toasts appear; once per page. It is a live region, so it is read out without taking the focus. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-[calc(5.5rem+env(safe-area-inset-bottom))] z-50 flex flex-col items-center gap-2 lg:bottom-6"
    >
      {shown.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastCard({ toast }: { toast: Toast }) {
  const texts = useUiTexts();
  const dismiss = () => change(toasts.filter((other) => other.id !== toast.id));
  useEffect(() => {
    const timer = setTimeout(dismiss, 7000);
    return () => clearTimeout(timer);
  });
  return (
    <div className="rise pointer-events-auto flex min-h-12 max-w-md items-center gap-3 rounded-control bg-ink pl-4 pr-1 text-sm font-medium text-paper shadow-float">
      <Icon
        name={toast.kind === 'success' ? 'circle-check' : toast.kind === 'danger' ? 'circle-alert' : 'info'}
        size={18}
        className="shrink-0"
      />
      <span className="py-3">{toast.text}</span>
      <button
        type="button"
        aria-label={texts.dismiss}
        onClick={dismiss}
        className={classes('inline-flex size-11 shrink-0 items-center justify-center rounded-control')}
      >
        <Icon name="x" size={16} />
      </button>
    </div>
  );
}
