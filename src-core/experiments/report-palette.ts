/** The colours of the lab (teal: teacher, orange: student, grey: baseline) and the arithmetic of contrast. */

export type Role = 'teacher' | 'baseline' | 'student' | 'other';
export const ROLES: readonly Role[] = ['student', 'teacher', 'baseline', 'other'];

export interface Theme {
  readonly surface: string;
  readonly raised: string;
  readonly line: string;
  readonly ink: string;
  readonly secondary: string;
  readonly faint: string;
  readonly link: string;
  readonly mark: string;
  readonly markSurface: string;
  /** areas: bars and heat */
  readonly fill: Readonly<Record<Role, string>>;
  /** lines and points, at least 3:1 on the surface */
  readonly stroke: Readonly<Record<Role, string>>;
}

export const LIGHT: Theme = {
  surface: '#fbfbfa',
  raised: '#f4f4f2',
  line: '#e3e3df',
  ink: '#1b1e20',
  secondary: '#4f5457',
  faint: '#666b6e',
  link: '#0d6d7a',
  mark: '#7a4300',
  markSurface: '#fbead3',
  fill: { teacher: '#0f7b8a', student: '#d9822b', baseline: '#6d747a', other: '#7d5ba6' },
  stroke: { teacher: '#0f7b8a', student: '#c8741f', baseline: '#6d747a', other: '#7d5ba6' },
};

export const DARK: Theme = {
  surface: '#17191b',
  raised: '#1d2023',
  line: '#2c3034',
  ink: '#eceeef',
  secondary: '#b3b9bd',
  faint: '#92999e',
  link: '#62c3d0',
  mark: '#f3c283',
  markSurface: '#3b2c17',
  fill: { teacher: '#4fb8c6', student: '#e9a052', baseline: '#9aa2a9', other: '#b79be0' },
  stroke: { teacher: '#4fb8c6', student: '#e9a052', baseline: '#9aa2a9', other: '#b79be0' },
};

/** Steps of the heat scale above none. */
export const HEAT_LEVELS = 12;

function channels(colour: string): number[] {
  return [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
}

/** `share` of `over` on `under`, in sRGB. */
function mix(under: string, over: string, share: number): string {
  const top = channels(over);
  const mixed = channels(under).map((value, index) => Math.round(value + (top[index]! - value) * share));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function luminance(colour: string): number {
  const [red, green, blue] = channels(colour).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** Contrast ratio of two colours, 1 to 21 (WCAG 2.2). */
export function contrast(first: string, second: string): number {
  const [low, high] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

/** Background and ink of a heat level, 1 to HEAT_LEVELS: one hue, from next to nothing to the role's colour. */
export function heat(theme: Theme, role: Role, level: number): { background: string; ink: string } {
  const background = mix(theme.surface, theme.fill[role], 0.08 + (0.92 * level) / HEAT_LEVELS);
  const inks = ['#000000', '#ffffff'];
  const ink = contrast(background, inks[0]!) >= contrast(background, inks[1]!) ? inks[0]! : inks[1]!;
  return { background, ink };
}
