// Whether this browser has signed in and not out: says nothing about who, and saves strangers a request.

function key(): string {
  return `wekeza.returning.${document.documentElement.dataset['channel'] ?? ''}`;
}

export function isReturning(): boolean {
  try {
    return localStorage.getItem(key()) === '1';
  } catch {
    // Without storage every visit asks.
    return true;
  }
}

export function rememberReturning(isSignedIn: boolean): void {
  try {
    if (isSignedIn) localStorage.setItem(key(), '1');
    else localStorage.removeItem(key());
  } catch {
    // Then every visit asks.
  }
}
