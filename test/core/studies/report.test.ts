import { describe, expect, it } from 'vitest';
import type { FigureResult } from '../../../src-core/contract/scorecard';
import { FIGURE_TEST, judgeFigure } from '../../../src-core/evaluation/verdict';
import { renderScorecard } from '../../../src-core/studies/report';
import { renderResults } from '../../../src-core/studies/results';
import { MADE, PICTURES, claim, scorecard } from './made-scorecard';

const html = renderScorecard(MADE);
const { markdown, pictures } = renderResults(MADE);
const figures = MADE.claims[0]!.figures;

const NOTHING = scorecard(
  [
    claim({
      figures: [judgeFigure({ label: 'student', unit: 'errors', total: 10_000, published: { paper: 74 } }, [])],
      pictures: PICTURES.map((picture) =>
        picture.kind === 'map'
          ? { ...picture, cells: [] }
          : picture.kind === 'matrices'
            ? { ...picture, frames: [] }
            : picture.kind === 'lines'
              ? { ...picture, series: [] }
              : { ...picture, series: [] },
      ),
      cells: [{ key: 'student seed=1', group: 'student', seed: 1, state: 'waiting', epoch: 0, epochs: 5 }],
    }),
  ],
  { trainingSeconds: 0, environments: [] },
);

/** What a reader sees of a piece of HTML, on one line. */
function textOf(piece: string): string {
  return piece
    .replace(/<style>[^]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/[\u202f\u00a0\s]+/g, ' ')
    .trim();
}

/** The cells of a figure's row in the summary, by their column. */
function rowOf(label: string): Record<string, string> {
  const table = html.slice(html.indexOf('id="summary"'), html.indexOf('id="judged"'));
  const row = table.split('<tr role="row">').find((piece) => piece.includes(`scope="row">${label}`))!;
  const cells = [...row.matchAll(/data-label="([^"]*)">([^]*?)<\/td>/g)];
  return Object.fromEntries(cells.map(([, column, cell]) => [column, textOf(cell!)]));
}

const expected = ({ published, mean, deviation, binomial, seeds, verdict }: FigureResult) => ({
  paper: published.paper === undefined ? '' : String(published.paper),
  blog: published.blog === undefined ? '' : String(published.blog),
  'ours, mean ± s.d.':
    mean === undefined ? '–' : deviation === undefined ? String(mean) : `${mean.toFixed(1)} ± ${deviation.toFixed(1)}`,
  '95 % binomial': binomial ? `${binomial.low.toFixed(0)} to ${binomial.high.toFixed(0)}` : '',
  seeds: String(seeds.length),
  verdict: verdict ?? '',
});

describe('the page of a scorecard', () => {
  it('loads nothing and runs nothing', () => {
    expect(html).not.toMatch(/https?:/i);
    expect(html).not.toMatch(/<script|<iframe|<link|<object|<img|\ssrc=|\son\w+=|@import/i);
    expect(html.replaceAll('&#39;', "'")).toContain(`default-src 'none'`);
    for (const [, target] of html.matchAll(/href="([^"]*)"/g)) expect(target).toMatch(/^#\w/);
    expect(html).not.toMatch(/url\(/);
    expect(textOf(html)).not.toMatch(/undefined|NaN|Infinity|\[object/);
    expect(html).not.toMatch(/="[^"]*(undefined|NaN|Infinity)[^"]*"/);
  });

  it('has balanced tags, and no link or label that leads nowhere', () => {
    const open = ['html'];
    const lonely = new Set(['line', 'polyline', 'path', 'rect', 'br', 'input']);
    for (const [, closing, name] of html.slice(html.indexOf('<body>')).matchAll(/<(\/?)(!?[a-z0-9]+)/g)) {
      if (closing) expect(open.pop()).toBe(name);
      else if (!lonely.has(name!)) open.push(name!);
    }
    expect(open).toEqual([]);
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of html.matchAll(/(?:href="#|aria-labelledby=")([^"]*)"/g)) expect(ids).toContain(id);
  });

  it('has the numbers of the scorecard', () => {
    for (const label of ['student', 'baseline', 'not begun']) {
      expect(rowOf(label)).toEqual(expected(figures.find((figure) => figure.label === label)!));
    }
    expect(rowOf('student')['ours, mean ± s.d.']).toBe('75.0 ± 3.6');
    expect(rowOf('with two classes')).toMatchObject({ paper: '47.3 %', 'ours, mean ± s.d.': '46.12 %', seeds: '1' });
    expect(rowOf('parameters')['ours, mean ± s.d.']).toBe('1,276,810');
    expect(html.slice(0, html.indexOf('id="judged"'))).not.toContain('a cell of the map');
    expect(textOf(html)).toContain('1: 71, 2: 78, 3: 76');
  });

  it('says how verdicts are reached, and for each statement its test, p and numbers', () => {
    const text = textOf(html);
    expect(text).toContain(FIGURE_TEST);
    const [relation] = MADE.claims[0]!.relations;
    expect(text).toContain(relation!.reason);
    expect(text).toContain(`p = ${relation!.p!.toPrecision(2)} (${relation!.test})`);
    for (const { reason } of figures) if (reason !== undefined) expect(text).toContain(reason);
  });

  it('marks what was chosen on test images, and nothing else', () => {
    const marked = html.split('<tr role="row">').filter((row) => row.includes('>tuned on test</a>'));
    expect(marked).toHaveLength(2);
    for (const row of marked) expect(row).toContain('corrected on test');
    expect(html.match(/class="place tuned"/g)).toHaveLength(2);
    expect(html).toContain('>selected on validation</span>');
    const plain = renderScorecard(
      scorecard([claim({ figures: figures.filter((each) => each.selectedOn !== 'test') })]),
    );
    expect(plain).not.toContain('>tuned on test</a>');
  });

  it('tells what failed, what is apart and what is not run, and how it was made', () => {
    const text = textOf(html);
    expect(text).toContain('4 published numbers: agrees 2, cannot tell 1, not run 1.');
    expect(text).toContain('1 of 4 runs are finished; 1 running, 1 failed, 1 not run yet.');
    expect(text).toContain('baseline seed=1 : The loss is not finite.');
    expect(text).toContain('0009-old : student , seed 1, method 1, 88 test errors');
    expect(text).toContain('student : seed 2 (0002-run, epoch 3 of 5); seed 3');
    expect(text).toContain('2026-11-25 04:05 UTC');
    expect(text).toContain('4 h 05 min');
    expect(text).toContain(MADE.command);
    expect(text).toContain(MADE.environments[0]);
  });

  it('is sensible where nothing was run', () => {
    const page = renderScorecard(NOTHING);
    expect(textOf(page)).toContain('Nothing is finished yet: 1 run');
    expect(textOf(page)).toContain('nothing yet');
    expect(page.match(/Nothing of it is finished yet/g)).toHaveLength(4);
    expect(page).not.toContain('<svg');
    expect(textOf(page)).not.toMatch(/undefined|NaN|Infinity/);
    expect(textOf(renderScorecard(scorecard([], { seeds: [] })))).toContain('How this was made');
  });

  it('shows hostile text as text', () => {
    const hostile = `<img src=x onerror=alert(1)>"'&</style></svg>`;
    const attacked = renderScorecard(
      scorecard(
        [
          claim({
            section: hostile,
            title: hostile,
            statement: hostile,
            notes: [hostile],
            figures: [judgeFigure({ label: hostile, unit: hostile, published: { paper: 1 } }, [])],
            relations: [{ statement: hostile, verdict: 'agrees', test: hostile, reason: hostile }],
            pictures: PICTURES.map((picture) => ({ ...picture, title: hostile, run: hostile, x: hostile, y: hostile })),
            cells: [{ key: hostile, group: hostile, seed: 1, state: 'failed', failure: hostile, epoch: 0, epochs: 1 }],
            apart: [{ run: hostile, group: hostile, seed: 1, method: 0, testErrors: 1 }],
          }),
        ],
        { createdAt: hostile, command: hostile, environments: [hostile] },
      ),
    );
    expect(attacked).not.toMatch(/<img|onerror=alert\(1\)>"/);
    expect(attacked.match(/<\/style>/g)).toHaveLength(1);
    expect(attacked).toContain('&lt;img src=x onerror=alert(1)&gt;');
  });
});

describe('the pictures', () => {
  const drawn = (at: number): string => html.split('<figure class="')[at + 1]!;

  it('a map has a number in each cell, darker for more errors, and shows where none is', () => {
    const map = drawn(0);
    expect([...map.matchAll(/<text class="heat-\d+ mean"[^>]*>([^<]*)/g)].map(([, text]) => text)).toEqual([
      '391',
      '288',
      '98',
    ]);
    expect(map).toContain('± 6.3');
    expect([...map.matchAll(/<rect class="heat-(\d+)"/g)].map(([, level]) => Number(level))).toEqual([12, 10, 1]);
    expect(map.match(/class="missing"/g)).toHaveLength(3);
  });

  it('lines have their axes, a band, a legend, and labels of marks that do not collide', () => {
    const lines = drawn(1);
    expect([...lines.matchAll(/<text class="axis"[^>]*>([^<]*)/g)].map(([, text]) => text)).toEqual([
      'test errors',
      'bias',
    ]);
    expect(lines.match(/class="band/g)).toHaveLength(5);
    for (let seed = 1; seed <= 5; seed++) expect(lines).toContain(`>seed ${seed}</text>`);
    const looks = [...lines.matchAll(/<polyline class="curve (\w+)"( stroke-dasharray="[^"]*")? points="0,5/g)];
    expect(new Set(looks.map(([, role, dash]) => `${role} ${dash}`)).size).toBe(5);
    const heights = [...lines.matchAll(/<text class="place[^"]*" x="[^"]*" y="([^"]*)"/g)].map(([, y]) => y);
    expect(new Set(heights).size).toBe(3);
  });

  it('few points have bars of their deviation', () => {
    const points = [1, 10, 100].map((x) => ({ x, y: 50 / x, deviation: 1 }));
    const page = renderScorecard(
      scorecard([
        claim({
          pictures: [
            { kind: 'lines', title: 'few', x: 'share', y: 'errors', logX: true, series: [{ name: 'a', points }] },
          ],
        }),
      ]),
    );
    expect(page.match(/<path class="spread/g)).toHaveLength(3);
    expect(page).not.toContain('class="band');
  });

  it('bars carry their numbers; what is missing is an outline, and none is a bar of nothing', () => {
    const bars = drawn(2);
    expect([...bars.matchAll(/<text class="small"[^>]*>([^<]*)/g)].map(([, text]) => text)).toEqual([
      '12.5',
      '–',
      '0',
      '3.8',
      '1.5',
      '–',
    ]);
    expect(bars.match(/class="missing"/g)).toHaveLength(2);
  });

  it('matrices are frames that arrow keys walk, first and last among them; alone in a file they are four', () => {
    const frames = drawn(3);
    expect(frames.match(/<input type="radio"/g)).toHaveLength(25);
    const epochs = [...frames.matchAll(/<text class="strong"[^>]*>epoch (\d+)/g)].map(([, epoch]) => Number(epoch));
    expect([epochs.length, epochs[0], epochs.at(-1)]).toEqual([24, 1, 40]);
    expect(html).toMatch(/@media \(prefers-reduced-motion:reduce\)\{[^}]*animation:none/);
    const still = pictures.find(({ name }) => name.endsWith('-4.svg'))!.svg;
    expect([...still.matchAll(/>epoch (\d+)</g)].map(([, epoch]) => Number(epoch))).toEqual([1, 14, 27, 40]);
  });
});

describe('the Markdown of a scorecard', () => {
  it('names pictures that are there, each complete in itself, on a background of its own', () => {
    const named = [...markdown.matchAll(/!\[[^\]]*\]\(([^)]*)\)/g)].map(([, name]) => name);
    expect(named).toEqual(pictures.map(({ name }) => name));
    expect(named).toHaveLength(4);
    for (const { name, svg } of pictures) {
      expect(name).toMatch(/^images\/results-[a-z0-9-]+\.svg$/);
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|var\(|url\(|<script|href=/);
      expect(svg).toMatch(/<rect x="-14" y="-14" [^>]*fill="#fbfbfa"/);
      expect(svg).not.toMatch(/undefined|NaN|Infinity|<bdi/);
    }
  });

  it('has the numbers of the scorecard and marks what was chosen on test images', () => {
    const row = (label: string): string[] =>
      markdown
        .split('\n')
        .find((line) => line.startsWith('|') && line.split(' | ')[1]?.startsWith(label))!
        .replace(/^\| | \|$/g, '')
        .split(' | ')
        .map((cell) => cell.trim());
    expect(row('student').slice(2)).toEqual(['74', '', '**75.0 ± 3.6**', '59 to 94', '3', 'agrees']);
    expect(row('not begun').slice(2)).toEqual(['', '52', '**–**', '', '0', 'not run']);
    expect(row('corrected on test')[1]).toBe('corrected on test **⚠ tuned on test**');
    for (const line of markdown.split('\n')) {
      if (line.startsWith('|')) expect(line.includes('⚠ tuned on test')).toBe(line.includes('corrected on test'));
    }
    expect(markdown).toContain(MADE.command);
    expect(markdown).toContain('0009\\-old');
    expect(markdown).not.toMatch(/undefined|NaN|Infinity|\[object/);
  });

  it('links its summary to anchors that are there', () => {
    for (const [, id] of markdown.matchAll(/\]\(#([^)]*)\)/g)) expect(markdown).toContain(`<a id="${id}"></a>`);
    expect(markdown).toContain('](#student)');
  });

  it('keeps hostile names in their cells', () => {
    const hostile = '<b>a|b`c`\n## d ![x](http://y)';
    const attacked = renderResults(
      scorecard([
        claim({ title: hostile, figures: [judgeFigure({ label: hostile, unit: 'errors', published: {} }, [])] }),
      ]),
    ).markdown;
    expect(attacked).not.toMatch(/<b>|\n## d|[^\\]`c|!\[x\]\(/);
    const rows = attacked.split('\n').filter((line) => line.includes('a\\|b'));
    expect(rows.length).toBeGreaterThan(0);
  });

  it('is sensible where nothing was run', () => {
    const none = renderResults(NOTHING);
    expect(none.pictures).toEqual([]);
    expect(none.markdown).toContain('Nothing is finished yet');
    expect(none.markdown).not.toMatch(/undefined|NaN|Infinity/);
  });
});
