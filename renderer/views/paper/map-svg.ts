import { escapeXml } from '../../exports/xml';
import { figure } from '../../format';
import type { MapPicture } from './map';
import { cellAt, heatOf } from './map';

const [WIDTH, HEIGHT, LEFT, TOP] = [56, 36, 72, 72];
/** Above it a colour of strength 0.9 at most needs the surface's colour for its text. */
const HOT = 0.635;

/** A map as a picture of its own, with the same numbers and colours as on the screen. */
export function mapSvg(
  picture: MapPicture,
  colours: { readonly surface: string; readonly ink: string; readonly accent: string },
): string {
  const { rows, columns } = picture;
  const width = LEFT + columns.values.length * WIDTH + 16;
  const height = TOP + rows.values.length * HEIGHT + 16;
  const parts = columns.values.map(
    (value, column) => `<text x="${LEFT + (column + 0.5) * WIDTH}" y="${TOP - 10}">${value}</text>`,
  );
  rows.values.forEach((value, row) => {
    const y = TOP + row * HEIGHT;
    parts.push(`<text x="${LEFT - 22}" y="${y + HEIGHT / 2 + 4}">${value}</text>`);
    columns.values.forEach((_, column) => {
      const x = LEFT + column * WIDTH;
      const cell = cellAt(picture, row, column);
      const heat = heatOf(picture, row, column);
      const box = `x="${x + 1}" y="${y + 1}" width="${WIDTH - 2}" height="${HEIGHT - 2}" rx="3"`;
      parts.push(`<rect ${box} fill="${colours.accent}" fill-opacity="${Math.max(0.04, heat).toFixed(3)}"/>`);
      const fill = heat > HOT ? ` fill="${colours.surface}"` : '';
      const text = cell ? figure(cell.mean) : '–';
      parts.push(`<text x="${x + WIDTH / 2}" y="${y + HEIGHT / 2 + 4}"${fill}>${text}</text>`);
    });
  });
  const across = LEFT + (columns.values.length * WIDTH) / 2;
  const down = TOP + (rows.values.length * HEIGHT) / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" text-anchor="middle" fill="${colours.ink}"><rect width="100%" height="100%" fill="${colours.surface}"/><text x="16" y="22" text-anchor="start" font-size="14" font-weight="600">${escapeXml(picture.title)}</text><text x="${across}" y="44">${escapeXml(columns.label)}</text><text transform="translate(18 ${down}) rotate(-90)">${escapeXml(rows.label)}</text>${parts.join('')}</svg>`;
}
