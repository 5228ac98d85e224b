/** Text that is HTML already; everything else is escaped on its way into a document. */
export class Markup {
  constructor(readonly text: string) {}
}

export type Fragment = Markup | string | number | false | undefined | readonly Fragment[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text made safe as content and inside quoted attributes; control characters, which HTML forbids, are dropped. */
export function escapeText(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '')
      .replace(/[&<>"']/g, (character) => ENTITIES[character]!)
  );
}

function textOf(fragment: Fragment): string {
  if (fragment instanceof Markup) return fragment.text;
  if (Array.isArray(fragment)) return (fragment as readonly Fragment[]).map(textOf).join('');
  if (fragment === undefined || fragment === false) return '';
  return escapeText(String(fragment));
}

/** A template of HTML: what is interpolated is escaped unless it is Markup; lists are joined, false is nothing. */
export function markup(strings: TemplateStringsArray, ...values: readonly Fragment[]): Markup {
  let text = strings[0]!;
  values.forEach((value, index) => (text += textOf(value) + strings[index + 1]!));
  return new Markup(text);
}

/** A name that someone chose: isolated, so that letters that change the direction of writing stay inside it. */
export function nameOf(name: string): Markup {
  return markup`<bdi>${name}</bdi>`;
}
