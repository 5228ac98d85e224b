/** Test images of one run as one PNG in the style sheet, and tiles that show a piece of it. */
import { encode } from 'fast-png';
import { Markup, escapeText } from './report-markup';

const COLUMNS = 20;

export interface Sprite {
  /** the rule that loads the picture; goes into the style sheet once */
  readonly rule: string;
  has(row: number): boolean;
  /** @param spoken what the image is, for who does not see it */
  tile(row: number, spoken: string, size?: 'large'): Markup;
}

/**
 * @param name class name of the rule; letters, digits and hyphens
 * @param rows the images in it, in the order of the tiles
 * @param images [count, side × side], bytes
 */
export function makeSprite(name: string, rows: readonly number[], images: Uint8Array, side: number): Sprite {
  const place = new Map([...new Set(rows)].map((row, index) => [row, index]));
  const columns = Math.max(1, Math.min(COLUMNS, place.size));
  const lines = Math.max(1, Math.ceil(place.size / columns));
  const width = columns * side;
  const data = new Uint8Array(width * lines * side);
  for (const [row, index] of place) {
    const left = (index % columns) * side;
    const top = Math.floor(index / columns) * side;
    for (let y = 0; y < side; y++) {
      const from = row * side * side + y * side;
      data.set(images.subarray(from, from + side), (top + y) * width + left);
    }
  }
  const png = encode({ width, height: lines * side, data, channels: 1, depth: 8 });
  const address = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
  // Percentages keep the tile in place at any size: 0 % is the first column and 100 % the last.
  const share = (index: number, of: number) => (of === 1 ? '0' : ((100 * index) / (of - 1)).toFixed(4));
  return {
    rule: `.${name}{background-image:url(${address});background-size:${columns * 100}% ${lines * 100}%}`,
    has: (row) => place.has(row),
    tile(row, spoken, size) {
      const index = place.get(row)!;
      const position = `${share(index % columns, columns)}% ${share(Math.floor(index / columns), lines)}%`;
      return new Markup(
        `<span class="tile ${name}${size ? ` ${size}` : ''}" role="img" aria-label="${escapeText(spoken)}" style="background-position:${position}"></span>`,
      );
    },
  };
}
