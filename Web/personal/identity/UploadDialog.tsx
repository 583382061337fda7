import { type FormEvent, useRef, useState } from 'react';
import type { IdentityStanding, OwnDocument } from '../../lib/api';
import { nairobiDay } from '../../lib/format';
import { newIdempotencyKey, type ProblemError, request } from '../../lib/http';
import { invalidate } from '../../lib/query';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { DateInput } from '../../ui/DateInput';
import { Dialog } from '../../ui/Dialog';
import { controlLook, Field, TextInput, useFieldLinks } from '../../ui/Field';
import { Select } from '../../ui/Select';
import { showToast } from '../../ui/Toast';
import { useMessages } from '../messages';
import { useProblems } from '../shared/problems';
import { useFocusOnError } from '../shared/useFocusOnError';
import { type IdentityMessages, useIdentityMessages } from './messages';

/** As the API counts it. */
const largestBytes = 10 * 1024 * 1024;
const acceptedTypes = ['application/pdf', 'image/jpeg', 'image/png'];
const ofPersons = [
  'nationalId',
  'passport',
  'alienId',
  'drivingLicence',
  'photo',
  'kraPinCertificate',
  'proofOfAddress',
  'sourceOfFunds',
];
const ofOrganisations = ['registrationCertificate', 'cr12', 'boardResolution', 'kraPinCertificate', 'proofOfAddress'];
/** Documents with a number and a last day of their own. */
const numbered = new Set(['nationalId', 'passport', 'alienId', 'drivingLicence']);
const kindOfMissing: Record<string, string> = { identityDocument: 'nationalId', kraPin: 'kraPinCertificate' };

function sizeOf(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(1)} MB`;
}

function fileFault(file: File | null, text: IdentityMessages): string | null {
  if (file === null) return text.fileMissing;
  if (file.size > largestBytes) return text.fileTooLarge(sizeOf(file.size));
  if (file.size === 0) return text.fileEmpty;
  return acceptedTypes.includes(file.type) ? null : text.fileWrongKind;
}

/** A file, what it is, and how far it has come. What is wrong with it stands beside the field before anything is sent. */
export function UploadDialog({ standing, onClose }: { standing: IdentityStanding; onClose: () => void }) {
  const text = useIdentityMessages();
  const shared = useMessages();
  const problems = useProblems();
  const kinds = standing.customerKind === 'corporate' ? ofOrganisations : ofPersons;
  const wanted = [...standing.missingDocuments, ...standing.nextTierMissing].map((name) => kindOfMissing[name] ?? name);
  const [kind, setKind] = useState(wanted.find((one) => kinds.includes(one)) ?? kinds[0] ?? '');
  const [file, setFile] = useState<File | null>(null);
  const [number, setNumber] = useState('');
  const [expiry, setExpiry] = useState('');
  const [attempts, setAttempts] = useState(0);
  const [percent, setPercent] = useState<number | null>(null);
  const [problem, setProblem] = useState<ProblemError | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const key = useRef(newIdempotencyKey());
  useFocusOnError(form, `${attempts} ${problem?.code ?? ''}`);

  const fault = fileFault(file, text);
  const isSending = percent !== null;
  const isOfFile = problem !== null && (problem.code in text.problems || problem.fieldErrors['file'] !== undefined);
  const isOfExpiry = problem?.fieldErrors['expiryDate'] !== undefined;
  const change = () => {
    setProblem(null);
    setAttempts(0);
    // Something else is sent now: it is another order.
    key.current = newIdempotencyKey();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setAttempts((count) => count + 1);
    if (fault !== null || file === null || isSending) return;
    const body = new FormData();
    body.append('documentType', kind);
    if (numbered.has(kind) && number.trim() !== '') body.append('documentNumber', number.trim());
    if (expiry !== '') body.append('expiryDate', expiry);
    body.append('file', file, file.name);
    setPercent(0);
    setProblem(null);
    try {
      await request<OwnDocument>(
        'POST',
        '/customer-portal/identity-check/documents',
        { body },
        {
          idempotencyKey: key.current,
          timeoutMilliseconds: 300_000,
          onUploadProgress: (part) => setPercent(Math.round(part * 100)),
        },
      );
      invalidate('/customer-portal/identity-check');
      showToast(text.sent);
      onClose();
    } catch (error) {
      setProblem(error as ProblemError);
      setPercent(null);
    }
  };
  const failure = problem !== null && !isOfFile && !isOfExpiry ? problems.of(problem) : null;
  const fileError = isOfFile && !isOfExpiry && problem !== null ? (text.problems[problem.code] ?? problems.of(problem)) : null;
  return (
    <Dialog
      title={text.uploadTitle}
      isOpen
      onClose={onClose}
      isLocked={isSending}
      footer={
        <>
          <Button kind="secondary" onClick={onClose} disabled={isSending}>
            {shared.common.cancel}
          </Button>
          <Button type="submit" form="document" isBusy={isSending}>
            {text.send}
          </Button>
        </>
      }
    >
      <form ref={form} id="document" noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-5">
        {failure !== null && <Banner tone="danger">{failure}</Banner>}
        <Field label={text.kind} error={problem?.fieldErrors['documentType'] ? problems.field(problem, 'documentType') : null}>
          <Select
            value={kind}
            onChange={(event) => {
              setKind(event.target.value);
              change();
            }}
          >
            {kinds.map((one) => (
              <option key={one} value={one}>
                {text.documentTypes[one]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={text.file} hint={text.fileHint} error={fileError ?? (attempts > 0 ? fault : null)}>
          <FileInput
            onChoose={(chosen) => {
              setFile(chosen);
              change();
              // What is wrong with a file that was just chosen is said at once.
              if (chosen !== null && fileFault(chosen, text) !== null) setAttempts(1);
            }}
          />
        </Field>
        {numbered.has(kind) && (
          <Field label={text.documentNumber} isOptional error={problems.field(problem, 'documentNumber')}>
            <TextInput
              name="documentNumber"
              autoComplete="off"
              maxLength={30}
              value={number}
              onChange={(event) => {
                setNumber(event.target.value);
                change();
              }}
            />
          </Field>
        )}
        {kind !== 'photo' && (
          <Field
            label={text.expiry}
            isOptional
            hint={text.expiryHint}
            error={
              isOfExpiry
                ? (text.problems[problem?.fieldErrors['expiryDate']?.code ?? ''] ?? problems.field(problem, 'expiryDate'))
                : null
            }
          >
            <DateInput
              value={expiry}
              min={nairobiDay(new Date())}
              onChange={(date) => {
                setExpiry(date);
                change();
              }}
            />
          </Field>
        )}
        {percent !== null && (
          <div role="status">
            <p className="mb-1.5 text-sm text-muted">{text.sending(percent)}</p>
            <progress className="h-2 w-full accent-brand" max={100} value={percent} aria-label={text.sending(percent)} />
          </div>
        )}
      </form>
    </Dialog>
  );
}

function FileInput({ onChoose }: { onChoose: (file: File | null) => void }) {
  return (
    <input
      type="file"
      name="file"
      accept={acceptedTypes.join(',')}
      {...useFieldLinks()}
      className={`${controlLook} cursor-pointer text-sm file:mr-3 file:cursor-pointer file:rounded-control file:border-0 file:bg-brand-soft file:px-4 file:py-2 file:font-semibold file:text-brand-text`}
      onChange={(event) => onChoose(event.target.files?.[0] ?? null)}
    />
  );
}
