/** The confusion matrix as a picture of its own. */
export function heatmapSvg(
  values: ArrayLike<number>,
  classes: number,
  colours: { readonly surface: string; readonly ink: string; readonly accent: string },
): string {
  const size = 36;
  const left = 48;
  const side = left + classes * size + 16;
  let largest = 1;
  for (let at = 0; at < classes ** 2; at++) if (at % (classes + 1) !== 0) largest = Math.max(largest, values[at]!);
  const parts: string[] = [];
  for (let label = 0; label < classes; label++) {
    const middle = left + label * size + size / 2;
    parts.push(`<text x="${middle}" y="38">${label}</text><text x="34" y="${middle + 4}">${label}</text>`);
    for (let predicted = 0; predicted < classes; predicted++) {
      const value = values[label * classes + predicted]!;
      const x = left + predicted * size;
      const y = left + label * size;
      const share = label === predicted ? 0 : 0.6 * Math.sqrt(value / largest);
      const box = `x="${x + 1}" y="${y + 1}" width="${size - 2}" height="${size - 2}" rx="3"`;
      parts.push(`<rect ${box} fill="${colours.accent}" fill-opacity="${(0.04 + share).toFixed(3)}"/>`);
      if (label !== predicted && value > 0) {
        parts.push(`<text x="${x + size / 2}" y="${y + size / 2 + 4}">${Number(value.toFixed(1))}</text>`);
      }
    }
  }
  const middle = left + (classes * size) / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" font-family="system-ui, sans-serif" font-size="12" text-anchor="middle" fill="${colours.ink}"><rect width="100%" height="100%" fill="${colours.surface}"/><text x="${middle}" y="18">predicted</text><text transform="translate(14 ${middle}) rotate(-90)">true</text>${parts.join('')}</svg>`;
}
