import { type FormEvent, useRef, useState } from 'react';
import type { Address, Profile } from '../../lib/api';
import { formatPhone, parsePhone } from '../../lib/format';
import { type Language, languages, setLanguage, useLanguage } from '../../lib/i18n';
import { invalidate, useMutation, useQuery } from '../../lib/query';
import { Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Card, CardTitle } from '../../ui/Card';
import { Details } from '../../ui/Details';
import { Dialog } from '../../ui/Dialog';
import { Field, TextInput } from '../../ui/Field';
import { PageHeader } from '../../ui/PageHeader';
import { RadioCards } from '../../ui/Select';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { showToast } from '../../ui/Toast';
import { setTheme, type Theme, useTheme } from '../../ui/theme';
import { useMessages } from '../messages';
import { LoadFailure } from '../shared/LoadFailure';
import { useProblems } from '../shared/problems';
import { StepUpDialog } from '../shared/StepUpDialog';
import { useFocusOnError } from '../shared/useFocusOnError';

export default function ProfilePage() {
  const text = useMessages();
  const { data, error, refetch } = useQuery('GET /customer-portal/profile');
  return (
    <>
      <PageHeader title={text.profile.title} lead={text.profile.lead} />
      <div className="grid items-start gap-6 lg:grid-cols-2">
        {data !== undefined ? (
          <Contact profile={data} />
        ) : error !== null ? (
          <LoadFailure problem={error} onRetry={refetch} />
        ) : (
          <Waiting>
            <Skeleton className="h-96 rounded-card" />
          </Waiting>
        )}
        <Preferences profile={data} />
      </div>
    </>
  );
}

function addressLines(address: Address | null | undefined): string[] {
  if (!address) return [];
  return [
    address.addressLine1,
    address.addressLine2,
    [address.postalCode, address.city].filter(Boolean).join(' '),
    address.county,
  ].filter((line): line is string => Boolean(line));
}

function Contact({ profile }: { profile: Profile }) {
  const text = useMessages();
  const [isEditing, setIsEditing] = useState(false);
  const lines = addressLines(profile.address);
  return (
    <Card>
      <CardTitle
        action={
          <Button kind="quiet" icon="pencil" className="-my-2 -mr-3 px-3" onClick={() => setIsEditing(true)}>
            {text.common.edit}
          </Button>
        }
      >
        {text.profile.contact}
      </CardTitle>
      <Details
        items={[
          { label: text.profile.name, value: profile.fullName },
          { label: text.profile.customerNumber, value: <span className="tabular-nums">{profile.cifNumber}</span> },
          { label: text.profile.email, value: profile.email || text.profile.missing },
          {
            label: text.profile.phone,
            value: profile.phoneNumber ? (
              <span className="tabular-nums">{formatPhone(profile.phoneNumber)}</span>
            ) : (
              text.profile.missing
            ),
          },
          {
            label: text.profile.address,
            value:
              lines.length === 0
                ? text.profile.missing
                : lines.map((line) => (
                    <span key={line} className="block">
                      {line}
                    </span>
                  )),
          },
        ]}
      />
      <p className="mt-2 text-sm text-muted">{text.profile.nameHint}</p>
      {isEditing && <ContactDialog profile={profile} onClose={() => setIsEditing(false)} />}
    </Card>
  );
}

const emptyAddress = { addressLine1: '', addressLine2: '', city: '', county: '', country: 'KE', postalCode: '' };

function ContactDialog({ profile, onClose }: { profile: Profile; onClose: () => void }) {
  const text = useMessages();
  const problems = useProblems();
  const form = useRef<HTMLFormElement>(null);
  const [email, setEmail] = useState(profile.email ?? '');
  const [phone, setPhone] = useState(profile.phoneNumber ? formatPhone(profile.phoneNumber) : '');
  const [address, setAddress] = useState({
    ...emptyAddress,
    ...Object.fromEntries(Object.entries(profile.address ?? {}).filter(([, value]) => value)),
  });
  const [attempts, setAttempts] = useState(0);
  const [isDismissed, setDismissed] = useState(false);
  const change = useMutation('PUT /customer-portal/profile');
  useFocusOnError(form, `${attempts} ${change.error?.code ?? ''}`);
  const isTried = attempts > 0;
  const typedPhone = phone.trim();
  const exactPhone =
    parsePhone(typedPhone) ?? (/^\+\d{8,15}$/.test(typedPhone.replace(/\s/g, '')) ? typedPhone.replace(/\s/g, '') : null);
  const hasAddress = address.addressLine1.trim() !== '' || address.city.trim() !== '';
  const faults = {
    email: isTried && email.trim() !== '' && !/^\S+@\S+\.\S+$/.test(email.trim()) ? text.profile.emailInvalid : null,
    phone: isTried && typedPhone !== '' && exactPhone === null ? text.profile.phoneInvalid : null,
    line: isTried && hasAddress && address.addressLine1.trim() === '' ? (text.fields['required'] ?? null) : null,
    town: isTried && hasAddress && address.city.trim() === '' ? (text.fields['required'] ?? null) : null,
  };
  const set = (part: Partial<typeof address>) => setAddress((before) => ({ ...before, ...part }));

  const save = async (stepUpToken?: string) => {
    setDismissed(false);
    const reply = await change.run(
      {
        body: {
          ...(email.trim() !== (profile.email ?? '') && email.trim() !== '' ? { email: email.trim() } : {}),
          ...(exactPhone !== null && exactPhone !== profile.phoneNumber ? { phoneNumber: exactPhone } : {}),
          ...(hasAddress
            ? {
                address: {
                  addressLine1: address.addressLine1.trim(),
                  city: address.city.trim(),
                  country: address.country,
                  ...(address.addressLine2.trim() ? { addressLine2: address.addressLine2.trim() } : {}),
                  ...(address.county.trim() ? { county: address.county.trim() } : {}),
                  ...(address.postalCode.trim() ? { postalCode: address.postalCode.trim() } : {}),
                },
              }
            : {}),
          version: profile.version,
        },
      },
      { stepUpToken },
    );
    if (reply === undefined) return;
    invalidate('/customer-portal/profile');
    showToast(text.profile.saved);
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAttempts((count) => count + 1);
    const isComplete = !hasAddress || (address.addressLine1.trim() !== '' && address.city.trim() !== '');
    const isEmailFine = email.trim() === '' || /^\S+@\S+\.\S+$/.test(email.trim());
    if (isComplete && isEmailFine && (typedPhone === '' || exactPhone !== null)) void save();
  };
  const shownFields = ['email', 'phoneNumber', 'address.addressLine1', 'address.city', 'address.county', 'address.postalCode'];
  const failure =
    change.error?.code === 'version_conflict' ? text.profile.conflict : problems.unlessShown(change.error, ...shownFields);
  const isAsking = change.error?.code === 'step_up_required' && !isDismissed;
  return (
    <>
      <Dialog
        title={text.profile.contact}
        isOpen={!isAsking}
        onClose={onClose}
        footer={
          <>
            <Button kind="secondary" onClick={onClose}>
              {text.common.cancel}
            </Button>
            <Button type="submit" form="contact" isBusy={change.isRunning}>
              {text.common.save}
            </Button>
          </>
        }
      >
        <form id="contact" ref={form} onSubmit={submit} noValidate className="flex flex-col gap-5">
          {failure !== null && <Banner tone="danger">{failure}</Banner>}
          <Field label={text.profile.email} error={faults.email ?? problems.field(change.error, 'email')}>
            <TextInput
              type="email"
              autoComplete="email"
              maxLength={254}
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          </Field>
          <Field
            label={text.profile.phone}
            hint={text.profile.phoneHint}
            error={faults.phone ?? problems.field(change.error, 'phoneNumber')}
          >
            <TextInput
              type="tel"
              autoComplete="tel"
              maxLength={24}
              value={phone}
              onChange={(event) => setPhone(event.target.value)}
            />
          </Field>
          <Field label={text.profile.line} error={faults.line ?? problems.field(change.error, 'address.addressLine1')}>
            <TextInput
              autoComplete="address-line1"
              maxLength={100}
              value={address.addressLine1}
              onChange={(event) => set({ addressLine1: event.target.value })}
            />
          </Field>
          <div className="grid gap-5 sm:grid-cols-2">
            <Field label={text.profile.town} error={faults.town ?? problems.field(change.error, 'address.city')}>
              <TextInput
                autoComplete="address-level2"
                maxLength={60}
                value={address.city}
                onChange={(event) => set({ city: event.target.value })}
              />
            </Field>
            <Field label={text.profile.postalCode} isOptional error={problems.field(change.error, 'address.postalCode')}>
              <TextInput
                autoComplete="postal-code"
                maxLength={20}
                value={address.postalCode}
                onChange={(event) => set({ postalCode: event.target.value })}
              />
            </Field>
          </div>
          <Field label={text.profile.county} isOptional error={problems.field(change.error, 'address.county')}>
            <TextInput
              autoComplete="address-level1"
              maxLength={60}
              value={address.county}
              onChange={(event) => set({ county: event.target.value })}
            />
          </Field>
        </form>
      </Dialog>
      <StepUpDialog
        problem={isDismissed ? null : change.error}
        isRepeating={change.isRunning}
        onCancel={() => setDismissed(true)}
        onToken={(token) => void save(token)}
      />
    </>
  );
}

function Preferences({ profile }: { profile: Profile | undefined }) {
  const text = useMessages();
  const language = useLanguage();
  const theme = useTheme((state) => state.theme);
  const change = useMutation('PUT /customer-portal/profile');
  const choose = async (next: Language) => {
    await setLanguage(next);
    if (profile === undefined || profile.preferredLanguage === next) return;
    // The page follows at once; the bank's messages follow with the profile.
    if (await change.run({ body: { preferredLanguage: next, version: profile.version } })) invalidate('/customer-portal/profile');
  };
  return (
    <Card>
      <CardTitle>{text.profile.preferences}</CardTitle>
      <div className="flex flex-col gap-6">
        <div>
          <RadioCards
            legend={text.common.language}
            value={language}
            onChange={(next) => void choose(next)}
            options={languages.map((one) => ({ value: one.code, title: one.name }))}
            columns={2}
          />
          <p className="mt-2 text-sm text-muted">{text.profile.messagesLanguage}</p>
        </div>
        <RadioCards<Theme>
          legend={text.common.theme}
          value={theme}
          onChange={setTheme}
          options={[
            { value: 'system', title: text.common.themeSystem },
            { value: 'light', title: text.common.themeLight },
            { value: 'dark', title: text.common.themeDark },
          ]}
        />
      </div>
    </Card>
  );
}
