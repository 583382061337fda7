import { useEffect, useState } from 'react';
import type { Beneficiary, Recipient } from '../../lib/api';
import type { ProblemError } from '../../lib/http';
import { useQuery } from '../../lib/query';
import { classes } from '../../ui/classes';
import { Field, TextInput } from '../../ui/Field';
import { Icon } from '../../ui/Icon';
import { Spinner } from '../../ui/Spinner';
import { type PersonalMessages, useMessages } from '../messages';
import { initials } from '../shared/names';
import { problemText } from '../shared/problems';

const accountDigits = 13;

export interface Lookup {
  recipient: Recipient | undefined;
  error: string | null;
  isLooking: boolean;
}

/** Asks whose account it is as soon as the number is complete. */
export function useLookup(number: string): Lookup {
  const text = useMessages();
  const isComplete = number.length === accountDigits;
  const { data, error, isFetching } = useQuery(
    'GET /customer-portal/transactions/resolve-recipient',
    isComplete ? { query: { accountNumber: number } } : null,
  );
  return {
    recipient: isComplete ? data : undefined,
    error: lookupError(error, text),
    isLooking: isComplete && isFetching && data === undefined,
  };
}

function lookupError(error: ProblemError | null, text: PersonalMessages): string | null {
  if (error === null) return null;
  return error.status === 404 || error.status === 422 ? text.transfer.recipientUnknown : problemText(error, text);
}

/** "0012 0000 00017": grouped while it is typed, as cards and statements show it. */
function grouped(number: string): string {
  return [number.slice(0, 4), number.slice(4, 8), number.slice(8)].filter(Boolean).join(' ');
}

/** The recipient's account: a saved one by a tap, or thirteen digits; the holder's name appears by itself. */
export function RecipientField({
  number,
  onChange,
  lookup,
  error,
  beneficiaries,
}: {
  number: string;
  onChange: (number: string) => void;
  lookup: Lookup;
  error: string | null;
  beneficiaries: Beneficiary[];
}) {
  const text = useMessages();
  const [isLeft, setIsLeft] = useState(false);
  useEffect(() => {
    if (number.length >= accountDigits || number === '') setIsLeft(false);
  }, [number]);
  const missing = accountDigits - number.length;
  const incomplete = isLeft && number !== '' && missing > 0 ? text.transfer.accountNumberIncomplete(missing) : null;
  const shown = error ?? lookup.error ?? incomplete;
  return (
    <div className="flex flex-col gap-4">
      {beneficiaries.length > 0 && (
        <div role="group" aria-label={text.transfer.saved}>
          <p aria-hidden="true" className="mb-2 text-sm font-medium">
            {text.transfer.saved}
          </p>
          <div className="-mx-1 flex gap-2 overflow-x-auto px-1 py-1">
            {beneficiaries.map((one) => {
              const isChosen = one.accountNumber === number;
              return (
                <button
                  key={one.beneficiaryId}
                  type="button"
                  aria-pressed={isChosen}
                  onClick={() => onChange(one.accountNumber ?? '')}
                  className={classes(
                    'flex min-h-12 max-w-52 shrink-0 items-center gap-2.5 rounded-full border py-1.5 pl-1.5 pr-4 text-sm font-medium transition-colors',
                    isChosen ? 'border-brand bg-brand-soft text-brand-text' : 'border-line bg-surface hover:border-edge',
                  )}
                >
                  <span
                    aria-hidden="true"
                    className="flex size-9 shrink-0 items-center justify-center rounded-full bg-brand-soft text-xs font-bold text-brand-text"
                  >
                    {isChosen ? <Icon name="check" size={16} /> : initials(one.nickname)}
                  </span>
                  <span className="truncate">{one.nickname}</span>
                </button>
              );
            })}
          </div>
        </div>
      )}
      <Field label={text.transfer.accountNumber} hint={text.transfer.accountNumberHint} error={shown}>
        <TextInput
          inputMode="numeric"
          autoComplete="off"
          maxLength={24}
          enterKeyHint="next"
          className="font-medium tabular-nums tracking-wide"
          value={grouped(number)}
          onChange={(event) => onChange(event.target.value.replace(/\D/g, '').slice(0, accountDigits))}
          onBlur={() => setIsLeft(true)}
        />
      </Field>
      <div role="status" className={classes('-mt-1', number.length === accountDigits ? 'min-h-14' : 'hidden')}>
        {lookup.isLooking ? (
          <p className="flex min-h-12 items-center gap-2 text-sm text-muted">
            <Spinner size={18} />
            {text.transfer.lookingUp}
          </p>
        ) : (
          lookup.recipient !== undefined && (
            <p className="rise flex min-h-12 items-center gap-3 rounded-control bg-success-soft px-4 py-2 text-success">
              <Icon name="circle-user" size={20} />
              <span className="min-w-0">
                <span className="block font-semibold wrap-anywhere">
                  {text.transfer.recipientFound(lookup.recipient.displayName)}
                </span>
                <span className="block text-sm">{text.transfer.recipientCheck}</span>
              </span>
            </p>
          )
        )}
      </div>
    </div>
  );
}
