/** The scorecard's numbers as its table, its details and its CSV file say them. */
import type {
  ClaimResult,
  FigureResult,
  Picture,
  Scale,
  Scorecard,
  StudyName,
} from '../../../src-core/contract/scorecard';
import { classesText, count, figure } from '../../format';

export const STUDY_TITLES: Readonly<Record<StudyName, string>> = {
  'paper-section-3': 'The paper, section 3',
  blog: 'The blog',
};

/** How long a scale takes on two cores. */
export const SCALE_TIMES: Readonly<Record<Scale, string>> = {
  minutes: 'about 10 minutes',
  hours: 'about 4 hours',
  night: 'about 12 hours',
  full: 'the published epochs, days',
};

function rounded(value: number): string {
  if (value >= 10_000) return count(value);
  return Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}

/** Errors go without their unit, since almost all figures are errors; what is only counted has none. */
function suffix(unit: string): string {
  if (unit === 'errors' || unit === '') return '';
  // Of what a percentage is its label says.
  return unit.startsWith('%') ? ' %' : ` ${unit}`;
}

export function publishedText(value: number | undefined, { unit }: FigureResult): string {
  return value === undefined ? '' : `${value}${suffix(unit)}`;
}

/** Such as "81.4 ± 3.2", over seeds. */
export function oursText({ mean, deviation, unit }: FigureResult): string {
  if (mean === undefined) return '–';
  return `${rounded(mean)}${deviation === undefined ? '' : ` ± ${rounded(deviation)}`}${suffix(unit)}`;
}

/** Whole errors; of other units as many places as the mean has. */
export function binomialText({ binomial, unit }: FigureResult): string {
  if (!binomial) return '';
  const text = (value: number): string => (unit === 'errors' ? value.toFixed(0) : rounded(value));
  return `${text(binomial.low)} to ${text(binomial.high)}`;
}

/** Whether there is anything in a picture yet; the frames of matrices come with their run. */
export function isDrawn(picture: Picture): boolean {
  switch (picture.kind) {
    case 'map':
      return picture.cells.length > 0;
    case 'lines':
      return picture.series.some(({ points }) => points.length > 0);
    case 'bars':
      return picture.series.some(({ values }) => values.some((value) => value !== undefined));
    case 'matrices':
      return true;
  }
}

/** Figures of the table; the others are behind a picture. */
export function shownFigures({ figures }: ClaimResult): readonly FigureResult[] {
  return figures.filter(({ detail }) => !detail);
}

/** A field of a grid and its value, as short as they can be told apart. */
function gridText(path: string, value: unknown): string {
  if (path === 'objective.temperature') return `T ${String(value)}`;
  if (path === 'model.hidden' && Array.isArray(value)) return `${[...new Set(value)].join(', ')} units`;
  if (path === 'data.classes' && Array.isArray(value)) return classesText(value as number[]);
  return `${path.split('.').at(-1)} ${JSON.stringify(value)}`;
}

/** A group's name in words; the economy's groups carry their share of the training set in thousandths. */
function groupText(name: string): string {
  const [, targets, thousandths] = /^economy-(hard|soft)-(\d{4})$/.exec(name) ?? [];
  if (thousandths === undefined) return name.replaceAll('-', ' ');
  return `${targets === 'hard' ? 'hard labels' : 'soft targets'}, ${figure(Number(thousandths) / 10)} %`;
}

/** A cell's key as people read it: "map model.hidden=[30,30] seed=1" is "map, 30 units, seed 1". */
export function cellName(key: string): string {
  return key
    .split(/ (?=[A-Za-z.]+=)/)
    .map((part) => {
      const at = part.indexOf('=');
      if (at < 0) return groupText(part);
      const [path, text] = [part.slice(0, at), part.slice(at + 1)];
      if (path === 'seed') return `seed ${text}`;
      try {
        return gridText(path, JSON.parse(text));
      } catch {
        return part;
      }
    })
    .join(', ');
}

/** Why a cell failed; the keys of others in it as people read them. */
export function failureText(failure = 'It failed.'): string {
  return failure.replace(
    /^(Its teacher failed: )(.+)\.$/,
    (_, said: string, key: string) => `${said}${cellName(key)}.`,
  );
}

/** Runs of a claim by what they are, a seed each. */
export function byGroup<Cell extends { readonly key: string }>(cells: readonly Cell[]): [name: string, Cell[]][] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const name = cellName(cell.key.replace(/ seed=\d+/, ''));
    groups.set(name, [...(groups.get(name) ?? []), cell]);
  }
  return [...groups];
}

/** All of it, a row a figure or a statement, the header first. */
export function csvRows({ claims }: Scorecard): (string | number)[][] {
  return [
    [
      'claim',
      'section',
      'figure or statement',
      'unit',
      'paper',
      'blog',
      'mean',
      's.d.',
      'binomial low',
      'binomial high',
      'seeds',
      'chosen on',
      'verdict',
      'test',
      'p',
      'reason',
    ],
    ...claims.flatMap(({ id, section, figures, relations }) => [
      ...figures.map((figure) => [
        id,
        section,
        figure.label,
        figure.unit,
        figure.published.paper ?? '',
        figure.published.blog ?? '',
        figure.mean ?? '',
        figure.deviation ?? '',
        figure.binomial?.low ?? '',
        figure.binomial?.high ?? '',
        figure.seeds.length,
        figure.selectedOn ?? '',
        figure.verdict ?? '',
        '',
        '',
        figure.reason ?? '',
      ]),
      ...relations.map((relation) => [
        id,
        section,
        relation.statement,
        ...Array.from({ length: 9 }, () => ''),
        relation.verdict,
        relation.test,
        relation.p ?? '',
        relation.reason,
      ]),
    ]),
  ];
}
