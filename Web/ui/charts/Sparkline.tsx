/** The course of one figure in the height of a line of text. `points` are shares between 0 and 1; `label` says it in words. */
export function Sparkline({ points, label, height = 32 }: { points: number[]; label: string; height?: number }) {
  const step = 100 / Math.max(points.length - 1, 1);
  const path = points
    .map((share, index) => `${index === 0 ? 'M' : 'L'}${index * step} ${(1 - share) * (height - 4) + 2}`)
    .join('');
  return (
    <svg width="100%" height={height} viewBox={`0 0 100 ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={`${path}L100 ${height}L0 ${height}Z`} className="fill-brand-soft" />
      <path
        d={path}
        fill="none"
        vectorEffect="non-scaling-stroke"
        className="stroke-chart-in"
        strokeWidth="2"
        strokeLinejoin="round"
      />
    </svg>
  );
}
