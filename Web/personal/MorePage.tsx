import { Link } from '../lib/router';
import { Card } from '../ui/Card';
import { Icon } from '../ui/Icon';
import { PageHeader } from '../ui/PageHeader';
import { useMessages } from './messages';
import { usePlaces } from './places';

/** What has no room in a telephone's bottom bar. */
export default function MorePage() {
  const text = useMessages();
  const { places, phonePlaces, morePlaces } = usePlaces(0);
  const shown = new Set(phonePlaces.map((place) => place.to));
  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader title={text.nav.more} />
      <Card isFlush>
        <ul className="divide-y divide-line">
          {[...places, ...morePlaces]
            .filter((place) => !shown.has(place.to))
            .map((place) => (
              <li key={place.to}>
                <Link to={place.to} className="flex min-h-14 items-center gap-4 px-5 py-3 transition-colors hover:bg-sunken">
                  <span className="text-brand-text">
                    <Icon name={place.icon} size={20} />
                  </span>
                  <span className="flex-1 font-medium">{place.label}</span>
                  <Icon name="chevron-right" size={18} className="text-muted" />
                </Link>
              </li>
            ))}
        </ul>
      </Card>
    </div>
  );
}
