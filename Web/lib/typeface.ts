// The bank's typeface without a shift: it is not worth waiting for on a first visit, and exchanging it under the reader's eyes would
// move everything. So it is fetched when all else is done, and used on later visits, when it comes from the browser's cache before
// there is any text. The page's html element names its file in `data-typeface`; app.css uses it under `data-font`.

const storageKey = 'wekeza.typeface';

function file(): string {
  return document.documentElement.dataset['typeface'] ?? '';
}

/** At the very beginning of a page. */
export function applyCachedTypeface(): void {
  try {
    if (!file() || localStorage.getItem(storageKey) !== file()) return;
  } catch {
    return;
  }
  const face = new FontFace('Inter', `url(${file()})`, { weight: '100 900' });
  face.load().then(
    () => {
      if (document.getElementById('app')?.hasChildNodes()) return;
      document.fonts.add(face);
      document.documentElement.dataset['font'] = 'inter';
    },
    () => {},
  );
}

/** When nothing else is to be done: for the next visit. */
export async function fetchTypeface(): Promise<void> {
  try {
    if (!file() || localStorage.getItem(storageKey) === file()) return;
    const response = await fetch(file());
    if (!response.ok) return;
    await response.arrayBuffer();
    localStorage.setItem(storageKey, file());
  } catch {
    // The device's own typeface is a good one, too.
  }
}
