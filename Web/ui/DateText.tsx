import { formatDate, formatDateTime, formatRelativeDate } from '../lib/format';
import { useLanguage } from '../lib/i18n';

/** A moment or a business date in Nairobi, in the language of the page. */
export function DateText({ at, form = 'date' }: { at: string; form?: 'date' | 'dateTime' | 'relative' }) {
  const language = useLanguage();
  const text =
    form === 'dateTime'
      ? formatDateTime(at, language)
      : form === 'relative'
        ? formatRelativeDate(at, language)
        : formatDate(at, language);
  return (
    <time dateTime={at} className="whitespace-nowrap">
      {text}
    </time>
  );
}
