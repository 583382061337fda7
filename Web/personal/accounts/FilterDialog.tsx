import { type FormEvent, useState } from 'react';
import { Button } from '../../ui/Button';
import { DateInput } from '../../ui/DateInput';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { MoneyInput } from '../../ui/MoneyInput';
import { Select } from '../../ui/Select';
import { useMessages } from '../messages';
import { type Filters, filterTypes, noFilters } from './filters';

export function FilterDialog({
  filters,
  currency,
  onApply,
  onClose,
}: {
  filters: Filters;
  currency: string;
  onApply: (filters: Filters) => void;
  onClose: () => void;
}) {
  const text = useMessages();
  const [draft, setDraft] = useState(filters);
  const set = (change: Partial<Filters>) => setDraft((before) => ({ ...before, ...change }));
  const apply = (event: FormEvent) => {
    event.preventDefault();
    onApply(draft);
  };
  return (
    <Dialog
      title={text.transactions.filters}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button kind="secondary" onClick={() => onApply({ ...noFilters, q: filters.q })}>
            {text.transactions.clear}
          </Button>
          <Button type="submit" form="transaction-filters">
            {text.transactions.apply}
          </Button>
        </>
      }
    >
      <form id="transaction-filters" onSubmit={apply} className="grid gap-4 sm:grid-cols-2">
        <Field label={text.transactions.direction}>
          <Select value={draft.direction} onChange={(event) => set({ direction: event.target.value })}>
            <option value="">{text.common.all}</option>
            <option value="credit">{text.transactions.in}</option>
            <option value="debit">{text.transactions.out}</option>
          </Select>
        </Field>
        <Field label={text.transactions.type}>
          <Select value={draft.type} onChange={(event) => set({ type: event.target.value })}>
            <option value="">{text.common.all}</option>
            {filterTypes.map((type) => (
              <option key={type} value={type}>
                {text.transactions.types[type]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={text.transactions.from}>
          <DateInput value={draft.from} max={draft.to || undefined} onChange={(from) => set({ from })} />
        </Field>
        <Field label={text.transactions.to}>
          <DateInput value={draft.to} min={draft.from || undefined} onChange={(to) => set({ to })} />
        </Field>
        <Field label={text.transactions.minimum}>
          <MoneyInput value={draft.minAmount} currency={currency} onChange={(minAmount) => set({ minAmount })} />
        </Field>
        <Field label={text.transactions.maximum}>
          <MoneyInput value={draft.maxAmount} currency={currency} onChange={(maxAmount) => set({ maxAmount })} />
        </Field>
      </form>
    </Dialog>
  );
}
