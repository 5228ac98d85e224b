const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text for an SVG's text or attribute: a run may have any name. */
export function escapeXml(text: string): string {
  // Characters that XML 1.0 has no way to write are left out.
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '').replace(/[&<>"]/g, (found) => ENTITIES[found]!);
}
