import { useState } from 'react';
import type { Beneficiary } from '../../lib/api';
import { invalidate, useMutation, usePagedQuery } from '../../lib/query';
import { Link } from '../../lib/router';
import { Button } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { Dialog } from '../../ui/Dialog';
import { EmptyState } from '../../ui/EmptyState';
import { SearchInput } from '../../ui/Field';
import { Icon } from '../../ui/Icon';
import { Menu } from '../../ui/Menu';
import { PageHeader } from '../../ui/PageHeader';
import { SkeletonRows } from '../../ui/Skeleton';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { AccountNumber } from '../shared/accounts';
import { LoadFailure } from '../shared/LoadFailure';
import { initials } from '../shared/names';
import { useProblems } from '../shared/problems';
import { BeneficiaryDialog } from './BeneficiaryDialog';

/** From so many on, a search is quicker than looking. */
const searchFrom = 8;

export default function BeneficiariesPage() {
  const text = useMessages();
  const { items, error, hasMore, loadMore, isLoadingMore, refetch } = usePagedQuery('GET /customer-portal/beneficiaries', {
    query: { limit: 100 },
  });
  const [edited, setEdited] = useState<Beneficiary | 'new' | null>(null);
  const [removed, setRemoved] = useState<Beneficiary | null>(null);
  const [searched, setSearched] = useState('');
  const needle = searched.trim().toLowerCase();
  const shown = items?.filter((one) =>
    `${one.nickname} ${one.beneficiaryName} ${one.accountNumber ?? ''}`.toLowerCase().includes(needle),
  );
  const addButton = (
    <Button icon="plus" onClick={() => setEdited('new')}>
      {text.beneficiaries.new}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={text.beneficiaries.title}
        lead={text.beneficiaries.lead}
        action={items !== undefined && items.length > 0 && addButton}
      />
      {items !== undefined && items.length >= searchFrom && (
        <div className="mb-4 max-w-md">
          <SearchInput label={text.beneficiaries.search} value={searched} onChange={(event) => setSearched(event.target.value)} />
        </div>
      )}
      <Card isFlush>
        {shown !== undefined ? (
          shown.length === 0 ? (
            needle === '' ? (
              <EmptyState icon="users" title={text.beneficiaries.empty} action={addButton}>
                {text.beneficiaries.emptyDetail}
              </EmptyState>
            ) : (
              <EmptyState icon="search" title={text.transactions.noMatch} />
            )
          ) : (
            <ul>
              {shown.map((one) => (
                <Row key={one.beneficiaryId} beneficiary={one} onEdit={() => setEdited(one)} onRemove={() => setRemoved(one)} />
              ))}
            </ul>
          )
        ) : error !== null ? (
          <LoadFailure problem={error} onRetry={refetch} />
        ) : (
          <SkeletonRows count={5} />
        )}
        {hasMore && (
          <div className="border-t border-line p-4 text-center">
            <Button kind="secondary" isBusy={isLoadingMore} onClick={loadMore}>
              {text.common.more}
            </Button>
          </div>
        )}
      </Card>
      {edited !== null && <BeneficiaryDialog beneficiary={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      {removed !== null && <RemoveDialog beneficiary={removed} onClose={() => setRemoved(null)} />}
    </>
  );
}

function Row({ beneficiary, onEdit, onRemove }: { beneficiary: Beneficiary; onEdit: () => void; onRemove: () => void }) {
  const text = useMessages();
  const isInternal = beneficiary.kind === 'internal' && Boolean(beneficiary.accountNumber);
  return (
    <li className="flex min-h-18 items-center gap-3 border-b border-line py-3 pl-5 pr-2 last:border-b-0 sm:gap-4">
      <span
        aria-hidden="true"
        className="flex size-11 shrink-0 items-center justify-center rounded-full bg-brand-soft text-sm font-bold text-brand-text"
      >
        {initials(beneficiary.nickname)}
      </span>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{beneficiary.nickname}</span>
        <span className="block truncate text-sm text-muted">
          {beneficiary.beneficiaryName}
          {beneficiary.accountNumber && (
            <>
              {' · '}
              <AccountNumber number={beneficiary.accountNumber} />
            </>
          )}
        </span>
      </span>
      {isInternal && (
        <Link
          to={`/transfer?to=${beneficiary.accountNumber}`}
          aria-label={`${text.beneficiaries.send}: ${beneficiary.nickname}`}
          className="inline-flex min-h-11 min-w-11 items-center justify-center gap-2 rounded-control px-2 text-sm font-semibold text-brand-text hover:bg-brand-soft sm:px-4"
        >
          <Icon name="send" size={18} />
          <span className="max-sm:hidden">{text.beneficiaries.send}</span>
        </Link>
      )}
      <Menu
        label={text.beneficiaries.actions(beneficiary.nickname)}
        items={[
          { label: text.common.edit, icon: 'pencil', onChoose: onEdit },
          { label: text.beneficiaries.deleteConfirm, icon: 'trash-2', isDangerous: true, onChoose: onRemove },
        ]}
      />
    </li>
  );
}

function RemoveDialog({ beneficiary, onClose }: { beneficiary: Beneficiary; onClose: () => void }) {
  const text = useMessages();
  const problems = useProblems();
  const remove = useMutation('DELETE /customer-portal/beneficiaries/{beneficiaryId}');
  const submit = async () => {
    const reply = await remove.run({ path: { beneficiaryId: beneficiary.beneficiaryId } });
    if (reply === undefined) return;
    invalidate('/customer-portal/beneficiaries');
    showToast(text.beneficiaries.deleted(beneficiary.nickname));
    onClose();
  };
  return (
    <Dialog
      title={text.beneficiaries.deleteTitle(beneficiary.nickname)}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button kind="secondary" onClick={onClose}>
            {text.common.cancel}
          </Button>
          <Button kind="danger" isBusy={remove.isRunning} onClick={() => void submit()}>
            {text.beneficiaries.deleteConfirm}
          </Button>
        </>
      }
    >
      <p className="text-muted">{text.beneficiaries.deleteDetail}</p>
      {remove.error !== null && (
        <p role="alert" className="mt-3 text-sm font-medium text-danger">
          {problems.of(remove.error)}
        </p>
      )}
    </Dialog>
  );
}
