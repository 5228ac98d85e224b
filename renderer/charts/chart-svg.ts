/** A line chart as a picture of its own, for a paper or a slide. */
import { escapeXml } from '../exports/xml';

interface Tick {
  /** in pixels along the axis */
  readonly at: number;
  readonly text: string;
}

export interface ChartPicture {
  readonly title: string;
  readonly xTitle: string;
  readonly width: number;
  readonly height: number;
  /** of the lines, in pixels */
  readonly area: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly lines: readonly {
    readonly name: string;
    readonly colour: string;
    readonly width: number;
    readonly dashed: boolean;
    readonly points: readonly (readonly [x: number, y: number])[];
    /** outline of the deviation about it; none where there is none */
    readonly band?: readonly (readonly [x: number, y: number])[];
  }[];
  readonly colours: { readonly surface: string; readonly ink: string; readonly faint: string; readonly line: string };
}

/** Rough width of a character of the legend, in pixels. */
const CHARACTER = 6.2;
const HEAD = 56;

/** @returns a whole SVG document; every name in it is escaped */
export function chartSvg(picture: ChartPicture): string {
  const { width, height, area, colours } = picture;
  const at = (value: number): string => String(Number(value.toFixed(1)));
  const y = (value: number): string => at(value + HEAD);
  const parts = [
    `<rect width="100%" height="100%" fill="${colours.surface}"/>`,
    `<text x="${at(area.left)}" y="22" font-size="14" font-weight="600">${escapeXml(picture.title)}</text>`,
  ];
  let left = area.left;
  for (const { name, colour, dashed } of picture.lines) {
    const dash = dashed ? ' stroke-dasharray="4 3"' : '';
    parts.push(
      `<path d="M${at(left)} 39h16" stroke="${colour}" stroke-width="2"${dash}/>`,
      `<text x="${at(left + 21)}" y="43">${escapeXml(name)}</text>`,
    );
    left += 36 + CHARACTER * name.length;
  }
  for (const tick of picture.yTicks) {
    parts.push(
      `<path d="M${at(area.left)} ${y(tick.at)}H${at(area.right)}" stroke="${colours.line}"/>`,
      `<text x="${at(area.left - 6)}" y="${y(tick.at + 4)}" text-anchor="end" fill="${colours.faint}">${escapeXml(tick.text)}</text>`,
    );
  }
  for (const tick of picture.xTicks) {
    parts.push(
      `<text x="${at(tick.at)}" y="${y(area.bottom + 16)}" text-anchor="middle" fill="${colours.faint}">${escapeXml(tick.text)}</text>`,
    );
  }
  parts.push(
    `<text x="${at((area.left + area.right) / 2)}" y="${y(area.bottom + 33)}" text-anchor="middle" fill="${colours.faint}">${escapeXml(picture.xTitle)}</text>`,
  );
  for (const line of picture.lines) {
    if (line.points.length === 0) continue;
    if (line.band && line.band.length > 0) {
      const outline = line.band.map(([px, py]) => `${at(px)},${y(py)}`).join(' ');
      parts.push(`<polygon points="${outline}" fill="${line.colour}" stroke="${line.colour}" opacity="0.18"/>`);
    }
    const [first] = line.points;
    const style = `stroke="${line.colour}" stroke-width="${line.width}"${line.dashed ? ' stroke-dasharray="4 3"' : ''}`;
    parts.push(
      line.points.length === 1
        ? `<circle cx="${at(first![0])}" cy="${y(first![1])}" r="2.5" fill="${line.colour}"/>`
        : `<polyline points="${line.points.map(([px, py]) => `${at(px)},${y(py)}`).join(' ')}" fill="none" stroke-linejoin="round" ${style}/>`,
    );
  }
  const size = `width="${width}" height="${height + HEAD}" viewBox="0 0 ${width} ${height + HEAD}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="system-ui, sans-serif" font-size="12" fill="${colours.ink}">${parts.join('')}</svg>`;
}
