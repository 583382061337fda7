import { type FormEvent, useRef, useState } from 'react';
import type { Product } from '../../lib/api';
import { compareAmounts } from '../../lib/format';
import { invalidate, useMutation, useQuery } from '../../lib/query';
import { href, Link, navigate } from '../../lib/router';
import { Banner } from '../../ui/Banner';
import { Button, LinkButton } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { EmptyState } from '../../ui/EmptyState';
import { Field, TextInput } from '../../ui/Field';
import { PageHeader } from '../../ui/PageHeader';
import { RadioCards, Select } from '../../ui/Select';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { accountTitle } from '../shared/accounts';
import { LoadFailure } from '../shared/LoadFailure';
import { useProblems } from '../shared/problems';
import { useFocusOnError } from '../shared/useFocusOnError';
import { useOpeningMessages } from './messages';

/** A further account for somebody who is a customer already. */
export default function OpenAccountPage() {
  const text = useOpeningMessages();
  const shared = useMessages();
  const { data, error, refetch } = useQuery('GET /products/deposits');
  const offered = data?.items.filter((one) => one.type === 'currentAccount' || one.type === 'savingsAccount');
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title={text.title} lead={text.lead} back={{ to: '/accounts', label: shared.accounts.back }} />
      {offered !== undefined ? (
        offered.length === 0 ? (
          <Card>
            <EmptyState icon="landmark" title={text.none} />
          </Card>
        ) : (
          <OpenForm products={offered} />
        )
      ) : error !== null ? (
        <LoadFailure problem={error} onRetry={refetch} />
      ) : (
        <Waiting>
          <Skeleton className="h-96 rounded-card" />
        </Waiting>
      )}
    </div>
  );
}

function bestRate(product: Product): string | null {
  const rates = product.interest?.tiers.map((tier) => tier.rate) ?? [];
  return rates.sort((left, right) => compareAmounts(left, right, 'KWD'))[rates.length - 1] ?? product.interest?.rate ?? null;
}

function OpenForm({ products }: { products: Product[] }) {
  const text = useOpeningMessages();
  const shared = useMessages();
  const problems = useProblems();
  const form = useRef<HTMLFormElement>(null);
  const open = useMutation('POST /customer-portal/accounts/open');
  const first = products.find((one) => one.type === 'savingsAccount') ?? products[0];
  const [productCode, setProductCode] = useState(first?.productCode ?? '');
  const product = products.find((one) => one.productCode === productCode);
  const [currency, setCurrency] = useState(first?.currencies[0] ?? 'KES');
  const [alias, setAlias] = useState('');
  const { error } = open;
  useFocusOnError(form, error?.code);
  const choose = (code: string) => {
    setProductCode(code);
    setCurrency(products.find((one) => one.productCode === code)?.currencies[0] ?? 'KES');
    open.reset();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const reply = await open.run({ body: { productCode, currency, ...(alias.trim() === '' ? {} : { alias: alias.trim() }) } });
    if (reply === undefined) return;
    invalidate('/customer-portal/');
    showToast(text.opened(accountTitle(reply, shared)));
    navigate(href('/accounts/:account', { account: reply.accountNumber }), { replace: true });
  };
  const isOfField = error !== null && ['productCode', 'currency', 'alias'].some((field) => error.fieldErrors[field]);
  const refusal = error === null ? null : (text.problems[error.code] ?? problems.of(error));
  const isOfProduct = error !== null && (error.fieldErrors['productCode'] !== undefined || error.code === 'not_eligible');
  return (
    <form ref={form} noValidate onSubmit={(event) => void submit(event)}>
      <Card className="flex flex-col gap-6">
        {refusal !== null && !isOfField && !isOfProduct && (
          <Banner
            tone="danger"
            action={
              error?.code === 'kyc_required' && (
                <Link to="/identity" className="shrink-0 font-semibold underline underline-offset-4">
                  {text.toIdentity}
                </Link>
              )
            }
          >
            {refusal}
          </Banner>
        )}
        <RadioCards
          legend={text.product}
          value={productCode}
          onChange={choose}
          error={isOfProduct ? refusal : null}
          options={products.map((one) => {
            const rate = bestRate(one);
            return {
              value: one.productCode,
              title: text.names[one.productCode] ?? text.types[one.type] ?? one.name,
              detail: (
                <>
                  {text.pitches[one.productCode] ?? text.pitches[one.type] ?? one.description}
                  {rate !== null && <span className="block font-semibold text-brand-text">{text.upTo(rate)}</span>}
                </>
              ),
            };
          })}
        />
        {product !== undefined && product.currencies.length > 1 && (
          <Field label={text.currency} error={error?.fieldErrors['currency'] ? refusal : null}>
            <Select value={currency} onChange={(event) => setCurrency(event.target.value)}>
              {product.currencies.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </Select>
          </Field>
        )}
        <Field label={text.alias} isOptional hint={text.aliasHint} error={problems.field(error, 'alias')}>
          <TextInput
            name="alias"
            maxLength={50}
            autoComplete="off"
            value={alias}
            onChange={(event) => setAlias(event.target.value)}
          />
        </Field>
        <div className="flex flex-col-reverse gap-3 sm:flex-row sm:justify-end">
          <LinkButton to="/accounts" kind="secondary">
            {shared.common.cancel}
          </LinkButton>
          <Button type="submit" isBusy={open.isRunning}>
            {text.submit}
          </Button>
        </div>
      </Card>
    </form>
  );
}
