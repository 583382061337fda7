/** Periods that people ask for by name. */
export type Period = 'thisMonth' | 'lastMonth' | 'lastThreeMonths' | 'thisYear' | 'other';

/** `YYYY-MM-DD` of the first day of a month, counted in months from today's. */
function firstOfMonth(today: string, offset: number): string {
  const date = new Date(`${today.slice(0, 7)}-01T12:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + offset);
  return date.toISOString().slice(0, 10);
}

function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T12:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

/** First and last day of a period, up to today. */
export function rangeOf(period: Period, today: string): { from: string; to: string } {
  switch (period) {
    case 'lastMonth':
      return { from: firstOfMonth(today, -1), to: dayBefore(firstOfMonth(today, 0)) };
    case 'lastThreeMonths':
      return { from: firstOfMonth(today, -2), to: today };
    case 'thisYear':
      return { from: `${today.slice(0, 4)}-01-01`, to: today };
    default:
      return { from: firstOfMonth(today, 0), to: today };
  }
}
