/**
 * Wekeza's mark: a W whose last stroke grows beyond the others, because the name means "to put aside and let grow".
 * The tile is always the deep green, so that the mark looks the same in both themes.
 */
export function LogoMark({ size = 36 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 40 40" aria-hidden="true" focusable="false">
      <rect width="40" height="40" rx="11" fill="#0c3f3b" />
      <path
        d="M8.5 15.5 14 29l6-12.5L25.6 28"
        fill="none"
        stroke="#fff"
        strokeWidth="3.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <path d="M25.6 28 32 10" fill="none" stroke="#f0b455" strokeWidth="3.6" strokeLinecap="round" />
    </svg>
  );
}

/** Mark and name side by side. */
export function Logo({ size = 36, onDeep = false }: { size?: number; onDeep?: boolean }) {
  return (
    <span className="inline-flex items-center gap-2.5">
      <LogoMark size={size} />
      <span
        className={onDeep ? 'text-xl font-semibold tracking-tight text-on-deep' : 'text-xl font-semibold tracking-tight text-ink'}
      >
        Wekeza
      </span>
    </span>
  );
}

/** Rings of short stitches, as a basket is begun from its middle: the bank's pattern, for deep surfaces only. */
export function Weave({ className }: { className?: string }) {
  const rings = [22, 38, 54, 70, 86, 102, 118, 134, 150, 166, 182, 198];
  return (
    <svg className={className} viewBox="-200 -200 400 400" aria-hidden="true" focusable="false">
      {rings.map((radius, index) => (
        <circle
          key={radius}
          r={radius}
          fill="none"
          stroke={index % 4 === 2 ? '#f0b455' : '#ffffff'}
          strokeOpacity={index % 4 === 2 ? 0.5 : 0.13}
          strokeWidth={7}
          strokeDasharray={index % 2 === 0 ? '11 5' : '5 11'}
          transform={`rotate(${index * 9})`}
        />
      ))}
    </svg>
  );
}
