import { Skeleton, SkeletonRows, Waiting } from '../../ui/Skeleton';

/** The overview's shape, so that the page stands still when the figures arrive. */
export function OverviewSkeleton() {
  return (
    <Waiting className="grid grid-cols-1 gap-6 lg:grid-cols-[minmax(0,1fr)_21rem]">
      <div className="flex min-w-0 flex-col gap-6">
        <div className="h-44 rounded-card bg-deep" />
        <div className="grid grid-cols-4 gap-2 sm:gap-3">
          {[0, 1, 2, 3].map((index) => (
            <Skeleton key={index} className="h-24 rounded-card" />
          ))}
        </div>
      </div>
      <div className="h-60 rounded-card border border-line bg-surface py-14">
        <SkeletonRows count={2} />
      </div>
      <div className="h-96 rounded-card border border-line bg-surface py-14">
        <SkeletonRows count={4} />
      </div>
    </Waiting>
  );
}
