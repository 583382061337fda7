import { type FormEvent, useState } from 'react';
import type { Account } from '../../lib/api';
import { nairobiDay } from '../../lib/format';
import type { ProblemError } from '../../lib/http';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { DateInput } from '../../ui/DateInput';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { RadioCards, Select } from '../../ui/Select';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { download } from '../shared/download';
import { type Period, rangeOf } from '../shared/periods';
import { useProblems } from '../shared/problems';

export default function StatementDialog({
  account,
  isOpen,
  onClose,
}: {
  account: Account;
  isOpen: boolean;
  onClose: () => void;
}) {
  const text = useMessages();
  const problems = useProblems();
  const today = nairobiDay(new Date());
  const [period, setPeriod] = useState<Period>('thisMonth');
  const [range, setRange] = useState(rangeOf('thisMonth', today));
  const [format, setFormat] = useState<'pdf' | 'csv'>('pdf');
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemError | null>(null);

  const choose = (next: Period) => {
    setPeriod(next);
    if (next !== 'other') setRange(rangeOf(next, today));
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    setIsBusy(true);
    setProblem(null);
    try {
      await download(
        'GET /customer-portal/accounts/{account}/statement',
        { path: { account: account.accountNumber }, query: { ...range, format } },
        `wekeza-${account.accountNumber}-${range.from}-${range.to}.${format}`,
      );
      showToast(text.statement.done);
      onClose();
    } catch (error) {
      setProblem(error as ProblemError);
    } finally {
      setIsBusy(false);
    }
  };
  const failure = problems.unlessShown(problem, 'from', 'to');
  return (
    <Dialog
      title={text.statement.title}
      isOpen={isOpen}
      onClose={onClose}
      footer={
        <>
          <Button kind="secondary" onClick={onClose}>
            {text.common.cancel}
          </Button>
          <Button type="submit" form="statement" icon="download" isBusy={isBusy}>
            {text.statement.submit}
          </Button>
        </>
      }
    >
      <form id="statement" onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-5">
        <p className="text-muted">{text.statement.lead}</p>
        {failure !== null && <Banner tone="danger">{failure}</Banner>}
        <Field label={text.statement.period}>
          <Select value={period} onChange={(event) => choose(event.target.value as Period)}>
            <option value="thisMonth">{text.statement.thisMonth}</option>
            <option value="lastMonth">{text.statement.lastMonth}</option>
            <option value="lastThreeMonths">{text.statement.lastThreeMonths}</option>
            <option value="thisYear">{text.statement.thisYear}</option>
            <option value="other">{text.statement.other}</option>
          </Select>
        </Field>
        {period === 'other' && (
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label={text.statement.from} error={problems.field(problem, 'from')}>
              <DateInput value={range.from} max={today} onChange={(from) => setRange({ ...range, from })} />
            </Field>
            <Field label={text.statement.to} error={problems.field(problem, 'to')}>
              <DateInput value={range.to} max={today} onChange={(to) => setRange({ ...range, to })} />
            </Field>
          </div>
        )}
        <RadioCards
          legend={text.statement.format}
          value={format}
          onChange={setFormat}
          options={[
            { value: 'pdf', title: text.statement.pdf },
            { value: 'csv', title: text.statement.csv },
          ]}
        />
      </form>
    </Dialog>
  );
}
