import { type RefObject, useEffect } from 'react';

/** After a refused form, the first field to blame gets the focus: nobody has to search for what is wrong. */
export function useFocusOnError(form: RefObject<HTMLElement>, attempt: unknown): void {
  useEffect(() => {
    if (!attempt) return;
    const field = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    field?.focus();
  }, [form, attempt]);
}
