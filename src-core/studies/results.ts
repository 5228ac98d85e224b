/** The scorecard as Markdown, with its pictures as files beside it. */
import type { ClaimResult, FigureResult, Picture, RelationResult, Scorecard } from '../contract/scorecard';
import { duration, significant } from '../experiments/report-numbers';
import { standaloneSvg } from '../experiments/report-plot';
import { drawPicture, isEmpty } from './draw-picture';
import {
  HOW_JUDGED,
  SCALES_SAID,
  TITLES,
  TUNED,
  allApart,
  allCells,
  binomialText,
  bySeed,
  cellText,
  dateText,
  oursText,
  publishedText,
  sectionsOf,
  seedsText,
  summaryFigures,
  summaryText,
  testsOf,
} from './scorecard-text';

interface PictureFile {
  /** path from the Markdown file */
  readonly name: string;
  readonly svg: string;
}

/** Text that Markdown and the HTML in it leave as it is, on one line. */
function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!)
    .replace(/[\\`*_{}[\]()#+!|~-]/g, '\\$&');
}

function table(columns: readonly string[], alignment: string, rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = Array.from(alignment, (side) => (side === 'r' ? '---:' : '---'));
  return [line(columns), line(rule), ...rows.map(line), ''];
}

function label({ label: text, selectedOn }: FigureResult): string {
  const mark = selectedOn === 'test' ? ' **⚠ tuned on test**' : '';
  return `${escapeMarkdown(text)}${mark}`;
}

function figureCells(figure: FigureResult): string[] {
  return [
    publishedText(figure.published.paper, figure),
    publishedText(figure.published.blog, figure),
    `**${oursText(figure)}**`,
    binomialText(figure),
    String(figure.seeds.length),
    figure.verdict ?? '',
  ];
}

const COLUMNS = ['paper', 'blog', 'ours, mean ± s.d.', '95 % binomial', 'seeds', 'verdict'];

function summary(scorecard: Scorecard): string[] {
  const rows = scorecard.claims.flatMap((claim) =>
    summaryFigures(claim).map((figure, at) => [
      at === 0 ? `[${escapeMarkdown(claim.title)}](#${claim.id})` : '',
      label(figure),
      ...figureCells(figure),
    ]),
  );
  return [
    '## Summary',
    '',
    summaryText(scorecard).join(' '),
    '',
    ...table(['claim', 'figure', ...COLUMNS], 'llrrrrrl', rows),
  ];
}

function judgement(scorecard: Scorecard): string[] {
  return [
    '## How verdicts are reached',
    '',
    `${HOW_JUDGED} The binomial interval in the table is that of our own mean: what another sample of as many test images would allow.`,
    '',
    ...testsOf(scorecard).map((test) => `- ${escapeMarkdown(test)}`),
    '',
    `**⚠ tuned on test**: ${TUNED}`,
    '',
  ];
}

function relation({ statement, verdict, test, p, reason }: RelationResult): string {
  const chance = p === undefined ? '' : ` p = ${significant(p)}.`;
  return `- **${verdict}**: ${escapeMarkdown(statement)}. ${escapeMarkdown(reason)}${chance} (${escapeMarkdown(test)})`;
}

function figures(claim: ClaimResult): string[] {
  const cells = (figure: FigureResult): string[] => [...figureCells(figure), escapeMarkdown(seedsText(figure))];
  const row = (figure: FigureResult): string[] => [
    `${label(figure)}${figure.reason === undefined ? '' : `<br><sub>${escapeMarkdown(figure.reason)}</sub>`}`,
    ...cells(figure),
  ];
  const [shown, details] = [summaryFigures(claim), claim.figures.filter(({ detail }) => detail)];
  const head = ['figure', ...COLUMNS, 'by seed'];
  return [
    ...(shown.length > 0 ? table(head, 'lrrrrrll', shown.map(row)) : []),
    ...(details.length > 0
      ? [
          `<details><summary>Each of ${details.length} figures behind the picture</summary>`,
          '',
          ...table(head, 'lrrrrrll', details.map(row)),
          '</details>',
          '',
        ]
      : []),
  ];
}

function picture(drawn: Picture, name: string): { readonly lines: string[]; readonly files: PictureFile[] } {
  const title = escapeMarkdown(drawn.title);
  if (isEmpty(drawn)) return { lines: [`*${title}: nothing of it is finished yet.*`, ''], files: [] };
  const drawing = drawPicture(drawn);
  const said =
    drawn.kind === 'matrices' ? ` True class down, predicted class across, of ${escapeMarkdown(drawn.run)}.` : '';
  return {
    lines: [`**${title}.**${said}`, '', `![${escapeMarkdown(drawing.spoken)}](${name})`, ''],
    files: [{ name, svg: standaloneSvg(drawing) }],
  };
}

function runs({ cells }: ClaimResult): string[] {
  const seeds = [...new Set(cells.map(({ seed }) => seed))].sort((first, second) => first - second);
  const rows = bySeed(cells).map(({ name, cells: own }) => [
    escapeMarkdown(name),
    ...seeds.map((seed) => {
      const cell = own.find((each) => each.seed === seed);
      return cell ? escapeMarkdown(cellText(cell)) : '';
    }),
  ]);
  const finished = cells.filter(({ state }) => state === 'finished').length;
  return [
    `<details><summary>Its runs, ${finished} of ${cells.length} finished</summary>`,
    '',
    ...table(['group', ...seeds.map((seed) => `seed ${seed}`)], `l${'l'.repeat(seeds.length)}`, rows),
    '</details>',
    '',
  ];
}

function claimOf(claim: ClaimResult): { readonly lines: string[]; readonly files: PictureFile[] } {
  const pictures = claim.pictures.map((each, at) => picture(each, `images/results-${claim.id}-${at + 1}.svg`));
  return {
    lines: [
      `<a id="${claim.id}"></a>`,
      '',
      `### ${escapeMarkdown(claim.title)}`,
      '',
      `> ${escapeMarkdown(claim.statement)}`,
      '',
      ...claim.notes.map((note) => `- ${escapeMarkdown(note)}`),
      ...(claim.notes.length > 0 ? [''] : []),
      ...figures(claim),
      ...claim.relations.map(relation),
      ...(claim.relations.length > 0 ? [''] : []),
      ...pictures.flatMap(({ lines }) => lines),
      ...runs(claim),
    ],
    files: pictures.flatMap(({ files }) => files),
  };
}

function left(scorecard: Scorecard): string[] {
  const cells = allCells(scorecard);
  const failed = cells.filter(({ state }) => state === 'failed');
  const open = cells.filter(({ state }) => state === 'waiting' || state === 'running');
  const apart = allApart(scorecard);
  if (failed.length + open.length + apart.length === 0) return [];
  const list = (title: string, items: readonly string[]): string[] =>
    items.length === 0 ? [] : [`${title}:`, '', ...items.map((item) => `- ${item}`), ''];
  return [
    '## Not in these numbers',
    '',
    ...list(
      'Failed, and everything else went on without them',
      failed.map(({ key, failure }) => escapeMarkdown(`${key}: ${failure ?? 'no reason was kept'}`)),
    ),
    ...list(
      `Trained by another version of the method than ${scorecard.method}, and never mixed with the runs above`,
      apart.map(({ run, group, seed, method, testErrors }) =>
        escapeMarkdown(
          `${run}: ${group}, seed ${seed}, method ${method === 0 ? 'not recorded' : method}, ${testErrors} test errors`,
        ),
      ),
    ),
    ...list(
      'Not finished yet',
      bySeed(open).map(({ name, cells: own }) =>
        escapeMarkdown(
          `${name}: ${own.map((cell) => `seed ${cell.seed}${cellText(cell) === 'not run yet' ? '' : ` (${cellText(cell)})`}`).join('; ')}`,
        ),
      ),
    ),
  ];
}

function made({ command, scale, seeds, method, trainingSeconds, environments }: Scorecard): string[] {
  return [
    '## How this was made',
    '',
    '```',
    command,
    '```',
    '',
    `- Scale ${scale}: ${SCALES_SAID[scale]}.`,
    `- Seeds ${seeds.join(', ')}; version ${method} of the method; the same command gives the same runs.`,
    `- ${duration(trainingSeconds)} in training steps.`,
    ...environments.map((environment) => `- Trained by ${escapeMarkdown(environment)}.`),
    '',
  ];
}

/**
 * A study's scorecard as Markdown, generated from the runs.
 * @returns pictures by their path from the Markdown file
 */
export function renderResults(scorecard: Scorecard): {
  readonly markdown: string;
  readonly pictures: readonly PictureFile[];
} {
  const sections = [...sectionsOf(scorecard)].map(([name, claims]) => ({ name, claims: claims.map(claimOf) }));
  const lines = [
    `# ${TITLES[scorecard.study]}`,
    '',
    `Scale ${scorecard.scale}, ${dateText(scorecard.createdAt)}. Generated from the runs; nothing here is typed by hand.`,
    '',
    ...summary(scorecard),
    ...judgement(scorecard),
    ...sections.flatMap(({ name, claims }) => [
      `## ${escapeMarkdown(name)}`,
      '',
      ...claims.flatMap((claim) => claim.lines),
    ]),
    ...left(scorecard),
    ...made(scorecard),
  ];
  return {
    markdown: `${lines.join('\n').trimEnd()}\n`,
    pictures: sections.flatMap(({ claims }) => claims.flatMap(({ files }) => files)),
  };
}
