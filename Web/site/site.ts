/**
 * The little that the public website does with a script: a form says that it is being sent and is sent once.
 * Everything works without it.
 */
for (const form of Array.from(document.querySelectorAll<HTMLFormElement>('form[data-wait]'))) {
  form.addEventListener('submit', (event) => {
    const button = form.querySelector<HTMLButtonElement>('button[type=submit]');
    if (button === null) return;
    if (button.getAttribute('aria-disabled') === 'true') {
      event.preventDefault();
      return;
    }
    button.setAttribute('aria-disabled', 'true');
    button.dataset.title = button.textContent ?? '';
    button.textContent = form.dataset.wait ?? '…';
  });
}

// A page that comes back by the browser's back button must be able to send its form again.
window.addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  for (const button of Array.from(document.querySelectorAll<HTMLButtonElement>('button[aria-disabled=true]'))) {
    button.removeAttribute('aria-disabled');
    button.textContent = button.dataset.title ?? button.textContent;
  }
});
