import { create } from '../lib/store';

/** `system` follows the device; a choice is remembered in this browser. It is no secret, so the browser's storage may know it. */
export type Theme = 'system' | 'light' | 'dark';

const storageKey = 'wekeza.theme';

function stored(): Theme {
  try {
    const theme = localStorage.getItem(storageKey);
    return theme === 'light' || theme === 'dark' ? theme : 'system';
  } catch {
    return 'system';
  }
}

function apply(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export const useTheme = create<{ theme: Theme }>(() => ({ theme: stored() }));

export function setTheme(theme: Theme): void {
  useTheme.setState({ theme });
  apply(theme);
  try {
    if (theme === 'system') localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, theme);
  } catch {
    // Then the choice holds for this page.
  }
}

/** Before the first rendering, so that no page flashes in the wrong colours. */
export function prepareTheme(): void {
  apply(stored());
}
