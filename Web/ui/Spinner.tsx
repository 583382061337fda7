import { useEffect, useState } from 'react';
import { classes } from './classes';
import { useUiTexts } from './texts';

/** True once `milliseconds` have passed: short waits show nothing, longer ones show that something happens. */
export function useAfter(milliseconds: number): boolean {
  const [isOver, setIsOver] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsOver(true), milliseconds);
    return () => clearTimeout(timer);
  }, [milliseconds]);
  return isOver;
}

export function Spinner({ size = 24, isImmediate = false }: { size?: number; isImmediate?: boolean }) {
  const isVisible = useAfter(300) || isImmediate;
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
      className={classes('animate-spin', !isVisible && 'invisible')}
    >
      <circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" strokeOpacity="0.25" strokeWidth="3" />
      <path d="M21 12a9 9 0 0 0-9-9" fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}

/** A whole place that waits: a spinner after 300 ms, and words for a screen reader. */
export function Progress({ label }: { label?: string }) {
  const texts = useUiTexts();
  const isVisible = useAfter(300);
  return (
    <div role="status" aria-busy="true" className="flex min-h-40 flex-col items-center justify-center gap-3 text-muted">
      <Spinner size={28} />
      <p className={classes('text-sm', !isVisible && 'invisible')}>{label ?? texts.loading}</p>
    </div>
  );
}
