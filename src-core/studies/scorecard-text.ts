/** What a scorecard's page and its Markdown both say, in plain text: one way to write each number. */
import type { ClaimCell, ClaimResult, FigureResult, Scale, Scorecard, StudyName, Verdict } from '../contract/scorecard';
import { FIGURE_TEST } from '../evaluation/verdict';
import { decimal, plural } from '../experiments/report-numbers';

export const TITLES: Readonly<Record<StudyName, string>> = {
  'paper-section-3': 'Distilling the Knowledge in a Neural Network, section 3, claim by claim',
  blog: 'The blog on distillation, claim by claim',
};

export const SCALES_SAID: Readonly<Record<Scale, string>> = {
  minutes: 'about ten minutes on two cores',
  hours: 'about four hours on two cores',
  night: 'about twelve hours on two cores',
  full: 'as many epochs as were published',
};

const PERCENT = '%';

/** A value in its unit, without the unit. */
function valueText(value: number, unit: string): string {
  if (unit === PERCENT) return decimal(value, 2);
  if (Number.isInteger(value)) return value >= 10_000 ? value.toLocaleString('en-GB') : decimal(value, 0);
  return decimal(value, unit === 'errors' || Math.abs(value) >= 10 ? 1 : 3);
}

/** The unit as it follows a number; errors are what numbers are of. */
function unitText(unit: string): string {
  return unit === 'errors' || unit === '' ? '' : ` ${unit}`;
}

/** "74", "47.30 %" */
export function publishedText(value: number | undefined, { unit }: FigureResult): string {
  return value === undefined ? '' : `${Number.isInteger(value) ? value : decimal(value, 1)}${unitText(unit)}`;
}

/** "70.3 ± 2.1"; "–" where nothing was run. */
export function oursText({ mean, deviation, unit, seeds }: FigureResult): string {
  if (mean === undefined) return '–';
  const alike = seeds.every(({ value }) => value === seeds[0]!.value);
  if (deviation === undefined || alike) return `${valueText(mean, unit)}${unitText(unit)}`;
  const digits = unit === PERCENT ? 2 : unit === 'ms' ? 3 : 1;
  return `${decimal(mean, digits)} ± ${decimal(deviation, digits)}${unitText(unit)}`;
}

/** The exact binomial interval of the mean's errors: "56 to 88". */
export function binomialText({ binomial, unit }: FigureResult): string {
  if (!binomial) return '';
  const digits = unit === PERCENT ? 2 : 0;
  return `${decimal(binomial.low, digits)} to ${decimal(binomial.high, digits)}${unitText(unit)}`;
}

/** Each seed's value: "1: 67, 2: 70". */
export function seedsText({ seeds, unit }: FigureResult): string {
  return seeds.map(({ seed, value }) => `${seed}:\u00a0${valueText(value, unit)}`).join(', ');
}

export function dateText(createdAt: string): string {
  const date = new Date(createdAt);
  return Number.isNaN(date.getTime()) ? createdAt : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Figures that a summary shows. */
export function summaryFigures({ figures }: ClaimResult): FigureResult[] {
  return figures.filter(({ detail }) => !detail);
}

/** The claims under each heading, in their order. */
export function sectionsOf({ claims }: Scorecard): Map<string, ClaimResult[]> {
  const sections = new Map<string, ClaimResult[]>();
  for (const claim of claims) sections.set(claim.section, [...(sections.get(claim.section) ?? []), claim]);
  return sections;
}

/** Each cell once, however many claims rest on it. */
export function allCells({ claims }: Scorecard): ClaimCell[] {
  return [...new Map(claims.flatMap(({ cells }) => cells).map((cell) => [cell.key, cell])).values()];
}

/** Runs of other versions of the method, each once. */
export function allApart({ claims }: Scorecard): ClaimResult['apart'][number][] {
  return [...new Map(claims.flatMap(({ apart }) => apart).map((each) => [each.run, each])).values()];
}

/** Cells that differ in their seed alone: what they share in words, and one cell a seed. */
export function bySeed(cells: readonly ClaimCell[]): { readonly name: string; readonly cells: readonly ClaimCell[] }[] {
  const rows = new Map<string, ClaimCell[]>();
  for (const cell of cells) {
    const name = cell.key.replace(/ seed=\d+$/, '');
    rows.set(name, [...(rows.get(name) ?? []), cell]);
  }
  return [...rows].map(([name, own]) => ({ name, cells: [...own].sort((first, second) => first.seed - second.seed) }));
}

/** Where a cell stands: its run, or what is with it. */
export function cellText({ state, run, epoch, epochs }: ClaimCell): string {
  if (state === 'finished') return run ?? 'finished';
  if (state === 'failed') return 'failed';
  if (state === 'running' || epoch > 0) return `${run ?? 'a run'}, epoch ${epoch} of ${epochs}`;
  return 'not run yet';
}

const VERDICTS: readonly Verdict[] = ['agrees', 'differs', 'cannot tell', 'not run'];

function tally(verdicts: readonly Verdict[]): string {
  return VERDICTS.map((verdict) => [verdict, verdicts.filter((each) => each === verdict).length] as const)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${verdict} ${count}`)
    .join(', ');
}

/** How it came out, in sentences. */
export function summaryText(scorecard: Scorecard): string[] {
  const figures = scorecard.claims.flatMap(({ figures: all }) => all.flatMap(({ verdict }) => verdict ?? []));
  const relations = scorecard.claims.flatMap(({ relations: all }) => all.map(({ verdict }) => verdict));
  const cells = allCells(scorecard);
  const count = (state: ClaimCell['state']): number => cells.filter((cell) => cell.state === state).length;
  const left = [
    ...(count('running') > 0 ? [`${count('running')} running`] : []),
    ...(count('failed') > 0 ? [`${count('failed')} failed`] : []),
    ...(count('waiting') > 0 ? [`${count('waiting')} not run yet`] : []),
  ];
  const progress = `${count('finished')} of ${cells.length} ${plural(cells.length, 'run')} are finished${left.length > 0 ? `; ${left.join(', ')}` : ''}.`;
  if (count('finished') === 0)
    return [
      `Nothing is finished yet: ${cells.length} ${plural(cells.length, 'run')} are to be trained${left.length > 0 ? ` (${left.join(', ')})` : ''}.`,
    ];
  return [
    ...(figures.length > 0
      ? [`Of ${figures.length} published ${plural(figures.length, 'number')}: ${tally(figures)}.`]
      : []),
    ...(relations.length > 0
      ? [`Of ${relations.length} ${plural(relations.length, 'statement')}: ${tally(relations)}.`]
      : []),
    progress,
  ];
}

/** The tests of a scorecard's statements, each once. */
export function testsOf({ claims }: Scorecard): string[] {
  return [...new Set(claims.flatMap(({ relations }) => relations.map(({ test }) => test)))];
}

export const HOW_JUDGED = `Against a published number, ${FIGURE_TEST}.`;

export const TUNED =
  'Something in this figure was chosen because it makes the fewest errors on the very images on which it is judged here: it is too good by an amount that nobody can know. The same figure chosen on validation images stands beside it.';
