import type { Product } from '../../lib/api';
import { useQuery } from '../../lib/query';
import { Link, usePlace, useSearch } from '../../lib/router';
import { Card } from '../../ui/Card';
import { EmptyState } from '../../ui/EmptyState';
import { Icon } from '../../ui/Icon';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { Stepper } from '../../ui/Stepper';
import { canPay, inOrderOfUse } from '../shared/accounts';
import { LoadFailure } from '../shared/LoadFailure';
import { DepositForm } from './DepositForm';
import { useDepositMessages } from './messages';
import { depositProducts, greatestRate, shortRate } from './products';

/** First the kind, each with what it pays at best; then the form of that kind. */
export default function NewDepositPage() {
  const text = useDepositMessages();
  const { key } = usePlace();
  const wanted = useSearch().get('product');
  const products = useQuery('GET /products/deposits');
  const accounts = useQuery('GET /customer-portal/accounts', { query: { limit: 200 } });
  const offered = depositProducts(products.data?.items ?? []);
  const product = offered.find((one) => one.productCode === wanted);
  const payers = inOrderOfUse(accounts.data?.items ?? []).filter(
    (account) => canPay(account) && (product === undefined || product.currencies.includes(account.currency)),
  );
  const failed = products.error ?? accounts.error;
  const isReady = products.data !== undefined && accounts.data !== undefined;
  return (
    <div className={product === undefined ? 'mx-auto max-w-3xl' : ''}>
      <PageHeader
        title={product === undefined ? text.newTitle : (text.types[product.type] ?? product.name)}
        lead={product === undefined ? undefined : text.pitches[product.type]}
        back={product === undefined ? { to: '/deposits', label: text.back } : { to: '/deposits/new', label: text.choose }}
      />
      {isReady ? (
        offered.length === 0 ? (
          <Card>
            <EmptyState icon="sprout" title={text.noProduct} />
          </Card>
        ) : product === undefined ? (
          <ul className="grid grid-cols-1 gap-4 sm:grid-cols-2">
            {offered.map((one) => (
              <Choice key={one.productCode} product={one} />
            ))}
          </ul>
        ) : payers.length === 0 ? (
          <Card>
            <EmptyState icon="landmark" title={text.noAccount}>
              {text.noAccountDetail}
            </EmptyState>
          </Card>
        ) : (
          <>
            <div className="mb-6 max-w-2xl">
              <Stepper steps={[text.steps.details, text.steps.confirm, text.steps.receipt]} current={0} />
            </div>
            <DepositForm key={key} product={product} accounts={payers} />
          </>
        )
      ) : failed !== null ? (
        <LoadFailure problem={failed} onRetry={products.error !== null ? products.refetch : accounts.refetch} />
      ) : (
        <Waiting>
          <Skeleton className="h-96 rounded-card" />
        </Waiting>
      )}
    </div>
  );
}

function Choice({ product }: { product: Product }) {
  const text = useDepositMessages();
  const rate = greatestRate(product);
  return (
    <li className="min-w-0">
      <Link
        to={`/deposits/new?product=${encodeURIComponent(product.productCode)}`}
        className="flex h-full flex-col gap-3 rounded-card border border-line bg-surface p-5 shadow-card transition-colors hover:border-edge sm:p-6"
      >
        <span className="flex items-center justify-between gap-3">
          <span className="text-lg font-semibold">{text.types[product.type] ?? product.name}</span>
          <Icon name="chevron-right" size={18} className="shrink-0 text-muted" />
        </span>
        <span className="flex-1 text-pretty text-muted">{text.pitches[product.type] ?? product.description}</span>
        {rate !== null && <span className="font-semibold text-brand-text">{text.upTo(shortRate(rate))}</span>}
      </Link>
    </li>
  );
}
