import { type ReactNode, useState } from 'react';
import type { Account } from '../../lib/api';
import { nairobiDay } from '../../lib/format';
import type { ProblemError } from '../../lib/http';
import { Button } from '../../ui/Button';
import { Card, CardTitle } from '../../ui/Card';
import { DateInput } from '../../ui/DateInput';
import { Field } from '../../ui/Field';
import { Select } from '../../ui/Select';
import { download } from '../shared/download';
import { useProblems } from '../shared/problems';
import { useDocumentMessages } from './messages';
import { useFetching } from './useFetching';

/** Years that somebody may still need a paper about. */
const yearsBack = 6;

/** Papers that others ask for: each with the year or the day that it is about, and a refusal where it was asked for. */
export function Certificates({ account }: { account: Account }) {
  const text = useDocumentMessages();
  return (
    <Card>
      <CardTitle>{text.certificates}</CardTitle>
      <div className="grid grid-cols-1 gap-8 md:grid-cols-3">
        <OfYear account={account} certificate="interest" name={text.interest} detail={text.interestDetail} />
        <OfYear account={account} certificate="withholding-tax" name={text.tax} detail={text.taxDetail} />
        <OfDay account={account} />
      </div>
    </Card>
  );
}

function fileName(account: Account, certificate: string, period: string): string {
  return `wekeza-${account.accountNumber}-${certificate}-${period}.pdf`;
}

/** Fetches papers one at a time, and says a refusal in words for the field that asked. */
function useCertificate() {
  const text = useDocumentMessages();
  const problems = useProblems();
  const fetching = useFetching();
  const fetch = (order: () => Promise<void>) => void fetching.run('certificate', order);
  const say = (problem: ProblemError): string => {
    const field = Object.keys(problem.fieldErrors)[0];
    if (field !== undefined) return problems.field(problem, field) ?? text.notYet;
    return problem.status === 404 || problem.status === 422 ? text.notYet : problems.of(problem);
  };
  return { fetch, isBusy: fetching.busy !== null, refusal: fetching.problem === null ? null : say(fetching.problem) };
}

function Paper({ name, detail, children }: { name: string; detail: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-3">
      <div className="md:min-h-20">
        <h3 className="font-semibold">{name}</h3>
        <p className="text-sm text-muted">{detail}</p>
      </div>
      {children}
    </div>
  );
}

function OfYear({
  account,
  certificate,
  name,
  detail,
}: {
  account: Account;
  certificate: 'interest' | 'withholding-tax';
  name: string;
  detail: string;
}) {
  const text = useDocumentMessages();
  const thisYear = Number(nairobiDay(new Date()).slice(0, 4));
  const [year, setYear] = useState(String(thisYear));
  const { fetch, isBusy, refusal } = useCertificate();
  const order = () =>
    download(
      `GET /customer-portal/accounts/{account}/certificates/${certificate}`,
      { path: { account: account.accountNumber }, query: { year: Number(year) } },
      fileName(account, certificate, year),
    );
  return (
    <Paper name={name} detail={detail}>
      <Field label={text.year} error={refusal}>
        <Select value={year} onChange={(event) => setYear(event.target.value)}>
          {Array.from({ length: yearsBack + 1 }, (_, index) => String(thisYear - index)).map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </Select>
      </Field>
      <Button kind="secondary" icon="download" isBusy={isBusy} aria-label={text.downloadNamed(name)} onClick={() => fetch(order)}>
        {text.download}
      </Button>
    </Paper>
  );
}

function OfDay({ account }: { account: Account }) {
  const text = useDocumentMessages();
  const today = nairobiDay(new Date());
  const [date, setDate] = useState(today);
  const [isTried, setTried] = useState(false);
  const { fetch, isBusy, refusal } = useCertificate();
  const submit = () => {
    setTried(true);
    if (date === '') return;
    fetch(() =>
      download(
        'GET /customer-portal/accounts/{account}/certificates/balance',
        { path: { account: account.accountNumber }, query: { date } },
        fileName(account, 'balance', date),
      ),
    );
  };
  return (
    <Paper name={text.balance} detail={text.balanceDetail}>
      <Field label={text.date} error={isTried && date === '' ? text.dateMissing : refusal}>
        <DateInput value={date} max={today} onChange={setDate} />
      </Field>
      <Button kind="secondary" icon="download" isBusy={isBusy} aria-label={text.downloadNamed(text.balance)} onClick={submit}>
        {text.download}
      </Button>
    </Paper>
  );
}
