import { useState } from 'react';
import type { IdentityStanding, OwnDocument } from '../../lib/api';
import { formatDate, nairobiDay } from '../../lib/format';
import { useLanguage } from '../../lib/i18n';
import { useQuery } from '../../lib/query';
import { Link } from '../../lib/router';
import { Badge, Banner, type Tone } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Card, CardTitle } from '../../ui/Card';
import { DateText } from '../../ui/DateText';
import { Details } from '../../ui/Details';
import { EmptyState } from '../../ui/EmptyState';
import { Icon } from '../../ui/Icon';
import { MoneyText } from '../../ui/MoneyText';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { LoadFailure } from '../shared/LoadFailure';
import { type IdentityMessages, useIdentityMessages } from './messages';
import { UploadDialog } from './UploadDialog';

const tones: Record<IdentityStanding['kycStatus'], Tone> = {
  pending: 'warning',
  inProgress: 'info',
  verified: 'success',
  rejected: 'danger',
  expired: 'warning',
  requiresUpdate: 'warning',
};

const documentTones: Record<OwnDocument['status'], Tone> = { waiting: 'info', accepted: 'success', expired: 'warning' };

/** What the profile page lets a customer enter. */
const inProfile = new Set(['primaryAddress', 'primaryPhone', 'registeredAddress']);

/** How far the bank has verified who one is, what that allows, and what is still to be sent. */
export default function IdentityPage() {
  const text = useIdentityMessages();
  const { data, error, refetch } = useQuery('GET /customer-portal/identity-check');
  const [isUploading, setUploading] = useState(false);
  return (
    <>
      <PageHeader
        title={text.title}
        lead={text.lead}
        action={
          data !== undefined && (
            <Button icon="plus" onClick={() => setUploading(true)}>
              {text.upload}
            </Button>
          )
        }
      />
      {data !== undefined ? (
        <div className="grid grid-cols-1 items-start gap-6 lg:grid-cols-2">
          <div className="flex min-w-0 flex-col gap-6">
            <Standing standing={data} />
            <Missing standing={data} />
          </div>
          <Documents standing={data} />
        </div>
      ) : error !== null ? (
        <LoadFailure problem={error} onRetry={refetch} />
      ) : (
        <Waiting className="grid grid-cols-1 gap-6 lg:grid-cols-2">
          <Skeleton className="h-72 rounded-card" />
          <Skeleton className="h-72 rounded-card" />
        </Waiting>
      )}
      {isUploading && data !== undefined && <UploadDialog standing={data} onClose={() => setUploading(false)} />}
    </>
  );
}

function isIncomplete(standing: IdentityStanding): boolean {
  return standing.missingDocuments.length > 0 || standing.missingData.length > 0;
}

function Standing({ standing }: { standing: IdentityStanding }) {
  const text = useIdentityMessages();
  const money = (amount: string | null | undefined) =>
    amount ? <MoneyText amount={amount} currency={standing.currency} /> : text.unlimited;
  const isVerified = standing.kycStatus === 'verified';
  return (
    <Card>
      <div className="flex items-start gap-4">
        <span className="flex size-12 shrink-0 items-center justify-center rounded-full bg-brand-soft text-brand-text">
          <Icon name="shield-check" size={22} />
        </span>
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h2 className="text-lg font-semibold">{text.level(standing.kycTier)}</h2>
            <Badge tone={tones[standing.kycStatus]}>{text.status[standing.kycStatus]}</Badge>
          </div>
          <p className="text-muted">{text.levels[standing.kycTier] ?? ''}</p>
        </div>
      </div>
      <p className="mt-4">
        {isVerified && isIncomplete(standing) ? text.verifiedMissing : text.statusDetail[standing.kycStatus]}
      </p>
      <h3 className="mt-5 text-sm font-semibold">{text.allows}</h3>
      {standing.maySendMoney ? (
        <Details
          items={[
            { label: text.perTransaction, value: money(standing.perTransactionLimit) },
            { label: text.daily, value: money(standing.dailyLimit) },
            { label: text.balance, value: money(standing.balanceLimit) },
            standing.kycExpiryDate ? { label: text.validUntil, value: <DateText at={standing.kycExpiryDate} /> } : null,
          ]}
        />
      ) : (
        <p className="mt-1 text-muted">{text.mayNotSend}</p>
      )}
    </Card>
  );
}

function Missing({ standing }: { standing: IdentityStanding }) {
  const text = useIdentityMessages();
  const language = useLanguage();
  const now = [...standing.missingDocuments, ...standing.missingData];
  const later = standing.nextTierMissing.filter((name) => !now.includes(name));
  const expired = standing.identificationExpiryDate;
  return (
    <Card>
      <CardTitle>{text.missing}</CardTitle>
      {expired && expired < nairobiDay(new Date()) && (
        <div className="mb-4">
          <Banner tone="warning">{text.idExpired(formatDate(expired, language))}</Banner>
        </div>
      )}
      {now.length === 0 ? (
        <p className="flex items-center gap-2">
          <Icon name="circle-check" size={20} className="shrink-0 text-success" />
          {text.nothingMissing}
        </p>
      ) : (
        <MissingList names={now} text={text} />
      )}
      {standing.nextTier && later.length > 0 && (
        <>
          <h3 className="mb-1 mt-5 text-sm font-semibold">{text.toNext(standing.nextTier)}</h3>
          <MissingList names={later} text={text} />
        </>
      )}
    </Card>
  );
}

function MissingList({ names, text }: { names: string[]; text: IdentityMessages }) {
  return (
    <ul className="divide-y divide-line">
      {names.map((name) => (
        <li key={name} className="flex flex-wrap items-center justify-between gap-x-4 py-2.5">
          <span>{text.missingNames[name] ?? name}</span>
          {inProfile.has(name) && (
            <Link
              to="/profile"
              className="inline-flex min-h-11 items-center text-sm text-brand-text underline underline-offset-4"
            >
              {text.inProfile}
            </Link>
          )}
        </li>
      ))}
    </ul>
  );
}

function Documents({ standing }: { standing: IdentityStanding }) {
  const text = useIdentityMessages();
  const language = useLanguage();
  return (
    <Card isFlush className="min-w-0">
      <div className="p-5 pb-0">
        <CardTitle>{text.documents}</CardTitle>
      </div>
      {standing.documents.length === 0 ? (
        <EmptyState icon="file-text" title={text.noDocuments}>
          {text.noDocumentsDetail}
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line">
          {standing.documents.map((document) => (
            <li key={document.documentId} className="flex items-start justify-between gap-4 px-5 py-3.5">
              <span className="min-w-0">
                <span className="block font-medium">{text.documentTypes[document.documentType] ?? text.otherDocument}</span>
                <span className="block truncate text-sm text-muted">{document.fileName}</span>
                <span className="block text-sm text-muted">
                  {text.sentOn(formatDate(document.uploadedAt, language))}
                  {document.expiryDate && ` · ${text.validTo(formatDate(document.expiryDate, language))}`}
                </span>
              </span>
              <Badge tone={documentTones[document.status]}>{text.documentStatus[document.status]}</Badge>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
