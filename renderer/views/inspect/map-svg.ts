/** The map as a picture of its own: all points, upright, in the colours of their classes. */
import { escapeXml } from '../../exports/xml';
import { fitted } from './map-geometry';

const SIZE = 720;
const TOP = 40;

/** A point as it is drawn. */
export interface MapPoint {
  readonly label: number;
  /** whether it is read as another class */
  readonly wrong: boolean;
}

/**
 * @param points [count, 2]
 * @param of of each point
 * @param colourOf of a class
 * @param names of the classes, at the middles of their points
 */
export function mapSvg(
  points: Float32Array,
  of: (index: number) => MapPoint,
  colourOf: (label: number) => string,
  names: readonly { readonly text: string; readonly x: number; readonly y: number }[],
  title: string,
  colours: { readonly surface: string; readonly ink: string; readonly bad: string },
): string {
  const view = fitted(points, SIZE, SIZE);
  const place = (x: number, y: number): [string, string] => [
    (x * view.scale + view.left).toFixed(1),
    (TOP + view.top - y * view.scale).toFixed(1),
  ];
  const byColour = new Map<string, string[]>();
  const wrong: string[] = [];
  for (let index = 0; index < points.length / 2; index++) {
    const { label, wrong: isWrong } = of(index);
    const [x, y] = place(points[2 * index]!, points[2 * index + 1]!);
    const colour = colourOf(label);
    const marks = byColour.get(colour) ?? [];
    if (marks.length === 0) byColour.set(colour, marks);
    marks.push(`M${x} ${y}h2v2h-2z`);
    if (isWrong) wrong.push(`M${x} ${y}m-2-2h6v6h-6z`);
  }
  const paths = [...byColour].map(
    ([colour, marks]) => `<path fill="${colour}" fill-opacity="0.75" d="${marks.join('')}"/>`,
  );
  const texts = names.map(({ text, x, y }) => {
    const [left, top] = place(x, y);
    return `<text x="${left}" y="${top}" font-weight="700" paint-order="stroke" stroke="${colours.surface}" stroke-width="3">${escapeXml(text)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE}" height="${SIZE + TOP}" viewBox="0 0 ${SIZE} ${SIZE + TOP}" font-family="system-ui, sans-serif" font-size="13" text-anchor="middle" fill="${colours.ink}"><rect width="100%" height="100%" fill="${colours.surface}"/><text x="16" y="24" text-anchor="start" font-size="14" font-weight="600">${escapeXml(title)}</text>${paths.join('')}<path fill="none" stroke="${colours.bad}" stroke-opacity="0.6" d="${wrong.join('')}"/>${texts.join('')}</svg>`;
}
