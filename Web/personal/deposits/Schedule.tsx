import type { Deposit, DepositSchedulePosting } from '../../lib/api';
import { useQuery } from '../../lib/query';
import { Badge } from '../../ui/Banner';
import { Card, CardTitle } from '../../ui/Card';
import { DataTable } from '../../ui/DataTable';
import { DateText } from '../../ui/DateText';
import { MoneyText } from '../../ui/MoneyText';
import { Skeleton } from '../../ui/Skeleton';
import { useDepositMessages } from './messages';

/** What is to come, and which installments were paid. */
export function Schedule({ deposit }: { deposit: Deposit }) {
  const text = useDepositMessages();
  const { data, isSlow } = useQuery('GET /deposits/{depositId}/schedule', { path: { depositId: deposit.depositId } });
  if (data === undefined) return isSlow ? <Skeleton className="h-64 rounded-card" /> : null;
  return (
    <Card isFlush>
      <div className="p-5 pb-0 sm:px-5">
        <CardTitle>{text.schedule}</CardTitle>
      </div>
      <DataTable<DepositSchedulePosting>
        caption={text.scheduleCaption}
        rows={data.items}
        rowKey={(row) => `${row.date} ${row.type}`}
        columns={[
          { key: 'date', header: text.date, onPhone: 'detail', cell: (row) => <DateText at={row.date} /> },
          {
            key: 'what',
            header: text.what,
            onPhone: 'title',
            cell: (row) => (
              <span className="flex flex-wrap items-center gap-x-2 font-medium">
                {text.scheduleTypes[row.type]}
                {row.status && (
                  <Badge tone={row.status === 'paid' ? 'success' : 'neutral'}>
                    {row.status === 'paid' ? text.paid : text.due}
                  </Badge>
                )}
              </span>
            ),
          },
          {
            key: 'amount',
            header: text.amount,
            align: 'right',
            onPhone: 'aside',
            cell: (row) => <MoneyText amount={row.amount} currency={row.currency} className="font-medium" />,
          },
        ]}
      />
    </Card>
  );
}
