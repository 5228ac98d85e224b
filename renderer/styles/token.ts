/** What the style sheets say, for canvases. Read once a theme: reading it makes the browser compute styles. */
const values = new Map<string, string>();

// Before any component's own listener, so that what redraws for another theme reads it anew.
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => values.clear());

function once(name: string, read: () => string): string {
  let value = values.get(name);
  if (value === undefined) values.set(name, (value = read()));
  return value;
}

/** The value of a CSS token, such as `--ink`, in the theme of now. */
export function token(name: string): string {
  return once(name, () => getComputedStyle(document.documentElement).getPropertyValue(name).trim());
}

/** The font family of the page. */
export function fontFamily(): string {
  return once('font-family', () => getComputedStyle(document.body).fontFamily);
}
