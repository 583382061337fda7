import type { DepositMaturityResult, Product } from '../../lib/api';
import { formatMoney } from '../../lib/format';
import type { ProblemError } from '../../lib/http';
import { Card, CardTitle } from '../../ui/Card';
import { classes } from '../../ui/classes';
import { Details } from '../../ui/Details';
import { MoneyText } from '../../ui/MoneyText';
import { useProblems } from '../shared/problems';
import type { DepositDraft } from './draft';
import { useDepositMessages } from './messages';
import { exampleDays, shortRate, tiersOf } from './products';

/** What the deposit comes to while it is being entered, and the rates it follows. */
export function Quote({
  product,
  draft,
  rate,
  figures,
  problem,
}: {
  product: Product;
  draft: DepositDraft;
  rate: string | null;
  figures: DepositMaturityResult | undefined;
  problem: ProblemError | null;
}) {
  const text = useDepositMessages();
  const problems = useProblems();
  const isCall = draft.type === 'callDeposit';
  const money = (amount: string) => <MoneyText amount={amount} currency={draft.currency} />;
  return (
    <Card>
      <CardTitle>{text.quote}</CardTitle>
      <div aria-live="polite">
        {problem !== null && figures === undefined ? (
          <p className="text-sm text-danger">{problems.of(problem)}</p>
        ) : figures === undefined ? (
          <p className="text-muted">{text.quoteWaiting}</p>
        ) : (
          <Details
            items={[
              rate === null ? null : { label: text.rate, value: text.ratePerYear(shortRate(rate)) },
              draft.type === 'recurringDeposit' ? { label: text.paidIn, value: money(figures.principalAmount) } : null,
              { label: isCall ? text.interestFor(exampleDays) : text.interest, value: money(figures.interestAmount) },
              { label: text.tax, value: <>−{money(figures.withholdingTax)}</> },
              isCall ? null : { label: text.maturityAmount, value: money(figures.maturityAmount), isStrong: true },
            ]}
          />
        )}
      </div>
      {figures !== undefined && <p className="mt-2 text-sm text-muted">{text.taxNote}</p>}
      <h3 className="mb-1 mt-6 text-sm font-semibold">{text.rates}</h3>
      <ul className="divide-y divide-line text-sm">
        {tiersOf(product).map((tier) => (
          <li
            key={tier.fromAmount}
            className={classes(
              'flex flex-wrap justify-between gap-x-3 py-2 *:whitespace-nowrap',
              tier.rate === rate && 'font-semibold',
            )}
          >
            <span>{text.fromAmount(formatMoney(tier.fromAmount.replace(/\.0+$/, ''), draft.currency).replace(/\.00$/, ''))}</span>
            <span className="tabular-nums">{text.ratePerYear(shortRate(tier.rate))}</span>
          </li>
        ))}
      </ul>
      {!isCall && product.deposit !== undefined && (
        <>
          <h3 className="mb-1 mt-6 text-sm font-semibold">{text.early}</h3>
          <p className="text-sm text-muted">
            {text.earlyRule(product.deposit.noInterestBeforeDays, shortRate(product.deposit.earlyBreakPenaltyRate))}
          </p>
        </>
      )}
    </Card>
  );
}
