import { LinkButton } from '../ui/Button';
import { Card } from '../ui/Card';
import { EmptyState } from '../ui/EmptyState';
import { PageHeader } from '../ui/PageHeader';
import { useMessages } from './messages';

export function NotFoundPage() {
  const text = useMessages();
  return (
    <>
      <PageHeader title={text.common.notFound} />
      <Card>
        <EmptyState
          icon="map-pin-off"
          title={text.common.notFoundDetail}
          action={<LinkButton to="/">{text.common.toOverview}</LinkButton>}
        />
      </Card>
    </>
  );
}
