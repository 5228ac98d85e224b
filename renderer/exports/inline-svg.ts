/** What the page's style sheets may say of a drawing's parts. */
const PROPERTIES = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'font-size', 'text-anchor'] as const;

/**
 * An SVG of the page as a document of its own: what style sheets say of its parts is written into them.
 * @param background colour behind it
 * @param width of the picture, in its own units; its height follows from the viewBox
 */
export function standaloneSvg(element: SVGSVGElement, background: string, width: number): string {
  const copy = element.cloneNode(true) as SVGSVGElement;
  const [left, top, across, down] = element.getAttribute('viewBox')!.split(/\s+/).map(Number) as number[];
  const originals = element.querySelectorAll('*');
  copy.querySelectorAll('*').forEach((part, at) => {
    const style = getComputedStyle(originals[at]!);
    for (const name of PROPERTIES) {
      const value = style.getPropertyValue(name);
      if (value !== '') part.setAttribute(name, value);
    }
    for (const name of part.getAttributeNames()) {
      if (name === 'class' || name.startsWith('data-')) part.removeAttribute(name);
    }
  });
  for (const name of copy.getAttributeNames()) if (name !== 'viewBox') copy.removeAttribute(name);
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(Math.round((width * down!) / across!)));
  copy.setAttribute('font-family', 'system-ui, sans-serif');
  const sheet = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  const box = { x: left, y: top, width: across, height: down, fill: background };
  for (const [name, value] of Object.entries(box)) sheet.setAttribute(name, String(value));
  copy.prepend(sheet);
  return new XMLSerializer().serializeToString(copy);
}
