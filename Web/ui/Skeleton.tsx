import type { ReactNode } from 'react';
import { classes } from './classes';
import { useUiTexts } from './texts';

/** The shape of what is being fetched, in its exact size, so that nothing moves when it arrives. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={classes('shimmer block rounded-lg bg-line', className)} />;
}

/** As many rows as a list usually has, of the list's own row height. */
export function SkeletonRows({ count, rowHeight = 'h-18' }: { count: number; rowHeight?: string }) {
  const texts = useUiTexts();
  return (
    <div role="status" aria-busy="true" aria-label={texts.loading}>
      {Array.from({ length: count }, (_, index) => (
        <div key={index} className={classes('flex items-center gap-4 border-b border-line px-5 last:border-b-0', rowHeight)}>
          <Skeleton className="size-10 shrink-0 rounded-full" />
          <div className="flex-1 space-y-2">
            <Skeleton className="h-4 w-2/5" />
            <Skeleton className="h-3 w-1/4" />
          </div>
          <Skeleton className="h-4 w-24" />
        </div>
      ))}
    </div>
  );
}

/** Around skeletons of a page's own shape: says that they stand for something that is on its way. */
export function Waiting({ children, className }: { children: ReactNode; className?: string }) {
  const texts = useUiTexts();
  return (
    <div role="status" aria-busy="true" aria-label={texts.loading} className={className}>
      {children}
    </div>
  );
}
