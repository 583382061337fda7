import { lazy, Suspense, useState } from 'react';
import { useQuery } from '../../lib/query';
import { Badge, Banner } from '../../ui/Banner';
import { Button } from '../../ui/Button';
import { Card, CardTitle } from '../../ui/Card';
import { Dialog } from '../../ui/Dialog';
import { PageHeader } from '../../ui/PageHeader';
import { Skeleton, Waiting } from '../../ui/Skeleton';
import { showToast } from '../../ui/Toast';
import { ChangePasswordForm } from '../entrance/ChangePasswordForm';
import { useMessages } from '../messages';
import { LoadFailure } from '../shared/LoadFailure';
import { Sessions } from './Sessions';

const EnrolDialog = lazy(() => import('./EnrolDialog'));
const DisableDialog = lazy(() => import('./DisableDialog'));
const fewCodes = 3;

export default function SecurityPage() {
  const text = useMessages();
  return (
    <div className="mx-auto max-w-3xl">
      <PageHeader title={text.security.title} lead={text.security.lead} />
      <div className="flex flex-col gap-6">
        <SecondFactor />
        <Password />
        <Sessions />
      </div>
    </div>
  );
}

function SecondFactor() {
  const text = useMessages();
  const { data, error, refetch } = useQuery('GET /authentication/mfa');
  const [dialog, setDialog] = useState<'enrol' | 'disable' | null>(null);
  const close = () => {
    setDialog(null);
    refetch();
  };
  return (
    <Card>
      <CardTitle
        action={
          data !== undefined && (
            <Badge tone={data.mfaEnabled ? 'success' : 'warning'}>
              {data.mfaEnabled ? text.security.twoStepOn : text.security.twoStepOff}
            </Badge>
          )
        }
      >
        {text.security.twoStep}
      </CardTitle>
      <p className="text-pretty text-muted">{text.security.twoStepDetail}</p>
      {data !== undefined ? (
        <>
          {data.mfaEnabled && data.recoveryCodesLeft <= fewCodes && (
            <div className="mt-4">
              <Banner tone="warning">{text.security.recoveryFew}</Banner>
            </div>
          )}
          <div className="mt-5 flex min-h-12 flex-wrap items-center gap-4">
            {data.mfaEnabled ? (
              <>
                <Button kind="secondary" onClick={() => setDialog('disable')}>
                  {text.security.disable}
                </Button>
                <span className="text-sm text-muted">{text.security.recoveryLeft(data.recoveryCodesLeft)}</span>
              </>
            ) : (
              <Button icon="shield-check" onClick={() => setDialog('enrol')}>
                {text.security.enrol}
              </Button>
            )}
          </div>
        </>
      ) : error !== null ? (
        <LoadFailure problem={error} onRetry={refetch} />
      ) : (
        <Waiting>
          <Skeleton className="mt-5 h-12 w-40" />
        </Waiting>
      )}
      <Suspense fallback={null}>
        {dialog === 'enrol' && <EnrolDialog onClose={close} />}
        {dialog === 'disable' && <DisableDialog onClose={close} />}
      </Suspense>
    </Card>
  );
}

function Password() {
  const text = useMessages();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Card>
      <CardTitle>{text.password.title}</CardTitle>
      <p className="text-muted">{text.password.rule}</p>
      <Button kind="secondary" className="mt-5" onClick={() => setIsOpen(true)}>
        {text.password.open}
      </Button>
      <Dialog title={text.password.open} isOpen={isOpen} onClose={() => setIsOpen(false)}>
        <ChangePasswordForm
          onCancel={() => setIsOpen(false)}
          onDone={() => {
            setIsOpen(false);
            showToast(text.password.changed);
          }}
        />
      </Dialog>
    </Card>
  );
}
