import { type IconName, icons } from '../lib/icons';

export type { IconName } from '../lib/icons';

/** A picture beside words; it says nothing that the words do not say. */
export function Icon({ name, size = 20, className }: { name: IconName; size?: number; className?: string }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      className={className === undefined ? 'shrink-0' : `shrink-0 ${className}`}
    >
      {icons[name]}
    </svg>
  );
}
