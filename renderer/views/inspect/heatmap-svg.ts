import { escapeXml } from '../../exports/xml';
import type { Matrix } from './matrix';
import { heatOf, largestWrong, textOf, valueAt } from './matrix';

const SIZE = 36;
const LEFT = 48;
const TOP = 72;

/** Above it a colour of strength 0.9 at most needs the surface's colour for its text. */
const HOT = 0.635;

/**
 * The confusion matrix as a picture of its own, with the same numbers and colours as on the screen.
 * @param title may be any text
 */
export function heatmapSvg(
  matrix: Matrix,
  title: string,
  colours: {
    readonly surface: string;
    readonly ink: string;
    readonly accent: string;
    /** of what is less than nothing */
    readonly negative?: string;
  },
): string {
  const { classes } = matrix;
  const width = LEFT + classes * SIZE + 16;
  const height = TOP + classes * SIZE + 16;
  const largest = largestWrong(matrix);
  const parts: string[] = [];
  for (let label = 0; label < classes; label++) {
    const middle = label * SIZE + SIZE / 2;
    parts.push(`<text x="${LEFT + middle}" y="${TOP - 10}">${label}</text>`);
    parts.push(`<text x="34" y="${TOP + middle + 4}">${label}</text>`);
    for (let predicted = 0; predicted < classes; predicted++) {
      const x = LEFT + predicted * SIZE;
      const y = TOP + label * SIZE;
      const heat = heatOf(matrix, largest, label, predicted);
      const box = `x="${x + 1}" y="${y + 1}" width="${SIZE - 2}" height="${SIZE - 2}" rx="3"`;
      parts.push(
        `<rect ${box} fill="${valueAt(matrix, label, predicted) < 0 ? (colours.negative ?? colours.accent) : colours.accent}" fill-opacity="${(0.04 + heat).toFixed(3)}"/>`,
      );
      const text = textOf(matrix, label, predicted);
      const fill = heat > HOT ? ` fill="${colours.surface}"` : '';
      if (text !== '') parts.push(`<text x="${x + SIZE / 2}" y="${y + SIZE / 2 + 4}"${fill}>${text}</text>`);
    }
  }
  const middle = (classes * SIZE) / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" text-anchor="middle" fill="${colours.ink}"><rect width="100%" height="100%" fill="${colours.surface}"/><text x="${LEFT}" y="22" text-anchor="start" font-size="14" font-weight="600">${escapeXml(title)}</text><text x="${LEFT + middle}" y="44">predicted</text><text transform="translate(14 ${TOP + middle}) rotate(-90)">true</text>${parts.join('')}</svg>`;
}
