import { languages, setLanguage, useLanguage } from '../../lib/i18n';
import { useMessages } from '../messages';

/** The language of the page, changeable before anybody has signed in. Each language calls itself by its own name. */
export function LanguageChoice() {
  const language = useLanguage();
  const text = useMessages();
  return (
    <fieldset className="flex rounded-full bg-sunken p-1">
      <legend className="sr-only">{text.common.language}</legend>
      {languages.map((one) => (
        <button
          key={one.code}
          type="button"
          lang={one.code}
          aria-pressed={one.code === language}
          onClick={() => void setLanguage(one.code)}
          className={
            one.code === language
              ? 'min-h-11 rounded-full bg-surface px-4 text-sm font-semibold text-ink shadow-card sm:min-h-9'
              : 'min-h-11 rounded-full px-4 text-sm font-medium text-muted hover:text-ink sm:min-h-9'
          }
        >
          {one.name}
        </button>
      ))}
    </fieldset>
  );
}
