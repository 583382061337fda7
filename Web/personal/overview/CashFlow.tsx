import type { CashFlow as CashFlowReport, Input } from '../../lib/api';
import { formatMoney, formatMonth, minorUnits } from '../../lib/format';
import { useLanguage } from '../../lib/i18n';
import { useQuery } from '../../lib/query';
import { Card, CardTitle } from '../../ui/Card';
import { BarChart } from '../../ui/charts/BarChart';
import { EmptyState } from '../../ui/EmptyState';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { useMessages } from '../messages';
import { LoadFailure } from '../shared/LoadFailure';

/** The last six months in one currency. */
export function cashFlowQuestion(currency: string): Input<'GET /customer-portal/analytics/cash-flow'> {
  return { query: { granularity: 'month', currency } };
}

/** Income and spending of the last six months, as the bank counted them; only the height of the bars is worked out here. */
export function CashFlow({ currency }: { currency: string }) {
  const text = useMessages();
  const { data, error, refetch } = useQuery('GET /customer-portal/analytics/cash-flow', cashFlowQuestion(currency));
  return (
    <Card className="min-h-80">
      <CardTitle>{text.overview.cashFlow}</CardTitle>
      {data !== undefined ? (
        <Chart report={data} />
      ) : error !== null ? (
        <LoadFailure problem={error} onRetry={refetch} />
      ) : (
        <Waiting>
          <Skeleton className="h-56 w-full" />
        </Waiting>
      )}
    </Card>
  );
}

function Chart({ report }: { report: CashFlowReport }) {
  const text = useMessages();
  const language = useLanguage();
  const units = (amount: string) => Number(minorUnits(amount, report.currency) ?? 0n);
  const highest = Math.max(0, ...report.points.flatMap((point) => [units(point.inflow), units(point.outflow)]));
  if (highest === 0) {
    return <EmptyState icon="chart-column" title={text.overview.cashFlowEmpty} />;
  }
  return (
    <BarChart
      title={text.overview.cashFlow}
      series={[
        { name: text.overview.income, tone: 'in' },
        { name: text.overview.spending, tone: 'out' },
      ]}
      groups={report.points.map((point) => ({
        label: formatMonth(point.period, language, 'short').replace(/\s?\d{4}$/, ''),
        name: formatMonth(point.period, language),
        shares: [units(point.inflow) / highest, units(point.outflow) / highest],
        values: [formatMoney(point.inflow, report.currency), formatMoney(point.outflow, report.currency)],
      }))}
    />
  );
}
