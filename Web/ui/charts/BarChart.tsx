import { useState } from 'react';
import { classes } from '../classes';
import { useUiTexts } from '../texts';

export interface BarSeries {
  name: string;
  /** One of the two chart colours; they differ in lightness too, so that nobody depends on hue. */
  tone: 'in' | 'out';
}

export interface BarGroup {
  /** Short, under the bars: "Nov". */
  label: string;
  /** Long, for the caption and the table: "November 2026". */
  name: string;
  /** Bar heights between 0 and 1 of the chart's height, one for each series. */
  shares: number[];
  /** The same figures as text. */
  values: string[];
}

const fills = { in: 'fill-chart-in', out: 'fill-chart-out' };
const dots = { in: 'bg-chart-in', out: 'bg-chart-out' };

/**
 * Groups of bars, drawn in percent of whatever width there is. Pointing at a group or reaching it with the keyboard shows its
 * figures above; all figures are in a table below for those who want to read instead of look.
 */
export function BarChart({
  title,
  series,
  groups,
  height = 176,
}: {
  title: string;
  series: BarSeries[];
  groups: BarGroup[];
  height?: number;
}) {
  const texts = useUiTexts();
  const [chosen, setChosen] = useState<number | null>(null);
  const shown = chosen ?? groups.length - 1;
  const group = groups[shown];
  const labelHeight = 26;
  const plot = height - labelHeight;
  const slot = 100 / Math.max(groups.length, 1);
  const bar = Math.min(slot * 0.3, 7);
  return (
    <figure>
      <figcaption className="flex flex-wrap items-end justify-between gap-x-6 gap-y-1">
        <span className="text-sm font-medium text-muted" aria-hidden="true">
          {group?.name}
        </span>
        <ul className="flex flex-wrap gap-x-6 gap-y-1 text-sm" aria-hidden="true">
          {series.map((one, index) => (
            <li key={one.name} className="flex items-center gap-2">
              <span className={classes('size-2.5 rounded-full', dots[one.tone])} />
              <span className="text-muted">{one.name}</span>
              <span className="font-semibold tabular-nums text-ink">{group?.values[index]}</span>
            </li>
          ))}
        </ul>
      </figcaption>
      <svg
        width="100%"
        height={height}
        className="mt-4 block overflow-visible"
        role="group"
        aria-label={title}
        onMouseLeave={() => setChosen(null)}
      >
        {[0, 0.5, 1].map((line) => (
          <line
            key={line}
            x1="0"
            x2="100%"
            y1={plot * line + 0.5}
            y2={plot * line + 0.5}
            className="stroke-line"
            strokeDasharray={line === 1 ? undefined : '3 5'}
          />
        ))}
        {groups.map((one, index) => {
          const middle = slot * (index + 0.5);
          return (
            // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a picture that shows its figures when it is reached
            <g
              key={one.name}
              tabIndex={0}
              role="img"
              aria-label={`${one.name}: ${series.map((each, place) => `${each.name} ${one.values[place] ?? ''}`).join(', ')}`}
              onMouseEnter={() => setChosen(index)}
              onFocus={() => setChosen(index)}
              onBlur={() => setChosen(null)}
              onClick={() => setChosen(index)}
            >
              <rect
                x={`${slot * index + slot * 0.06}%`}
                y="-4"
                width={`${slot * 0.88}%`}
                height={height + 2}
                rx="10"
                className={index === shown ? 'fill-sunken' : 'fill-transparent'}
              />
              {series.map((each, place) => {
                const share = Math.max(0, Math.min(1, one.shares[place] ?? 0));
                const barHeight = share === 0 ? 0 : Math.max(3, share * (plot - 6));
                const left = middle + (place - series.length / 2) * (bar + 0.6) + 0.3;
                return (
                  <rect
                    key={each.name}
                    x={`${left}%`}
                    y={plot - barHeight}
                    width={`${bar}%`}
                    height={barHeight}
                    rx="3"
                    className={fills[each.tone]}
                  />
                );
              })}
              <text
                x={`${middle}%`}
                y={height - 6}
                textAnchor="middle"
                className={classes('text-xs', index === shown ? 'fill-ink font-semibold' : 'fill-muted')}
              >
                {one.label}
              </text>
            </g>
          );
        })}
      </svg>
      <details className="mt-2 text-sm">
        <summary className="inline-flex min-h-11 items-center font-medium text-brand-text">{texts.showTable}</summary>
        <table className="mt-1 w-full text-left">
          <caption className="sr-only">{title}</caption>
          <thead>
            <tr className="border-b border-line text-muted">
              <td />
              {series.map((one) => (
                <th key={one.name} scope="col" className="py-2 text-right font-medium">
                  {one.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {groups.map((one) => (
              <tr key={one.name} className="border-b border-line last:border-b-0">
                <th scope="row" className="py-2 font-normal">
                  {one.name}
                </th>
                {one.values.map((value, index) => (
                  <td key={series[index]?.name} className="py-2 text-right tabular-nums">
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
