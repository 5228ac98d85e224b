/** The scorecard as one self-contained page. */
import type { ClaimResult, FigureResult, Picture, RelationResult, Scorecard, Verdict } from '../contract/scorecard';
import { Markup, markup, nameOf } from '../experiments/report-markup';
import type { Fragment } from '../experiments/report-markup';
import { duration, plural, significant } from '../experiments/report-numbers';
import { inlineSvg, plain } from '../experiments/report-plot';
import { PAGE_POLICY, styleSheet } from '../experiments/report-style';
import { drawPicture, isEmpty } from './draw-picture';
import { framesOf, MOST_FRAMES } from './draw-matrices';
import { framesStyle, scorecardRules } from './report-rules';
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

const MOST_ROWS = 40;

function judged(verdict: Verdict | undefined): Markup | undefined {
  return verdict && markup`<span class="judged ${verdict.replace(' ', '-')}">${verdict}</span>`;
}

function selectionMark({ selectedOn }: FigureResult): Markup | undefined {
  if (selectedOn === 'test') return markup` <a class="mark" href="#tuned">tuned on test</a>`;
  if (selectedOn === 'validation') return markup` <span class="mark validation">selected on validation</span>`;
  return undefined;
}

const FIGURE_COLUMNS = ['paper', 'blog', 'ours, mean ± s.d.', '95 % binomial', 'seeds', 'verdict'] as const;

function figureCells(figure: FigureResult): Fragment[] {
  return [
    publishedText(figure.published.paper, figure),
    publishedText(figure.published.blog, figure),
    markup`<strong>${oursText(figure)}</strong>`,
    binomialText(figure),
    figure.seeds.length,
    judged(figure.verdict),
  ];
}

function head(first: string, columns: readonly string[]): Markup {
  return markup`<thead role="rowgroup"><tr role="row">${[first, ...columns].map(
    (column) => markup`<th role="columnheader" scope="col">${column}</th>`,
  )}</tr></thead>`;
}

function row(title: Fragment, cells: readonly Fragment[], columns: readonly string[]): Markup {
  return markup`<tr role="row"><th role="rowheader" scope="row">${title}</th>${cells.map(
    (cell, index) => markup`<td role="cell" data-label="${columns[index]}">${cell}</td>`,
  )}</tr>`;
}

function summary(scorecard: Scorecard): Markup {
  return markup`<section class="first" aria-labelledby="summary"><h2 id="summary">Summary</h2>
<p class="lead">${summaryText(scorecard).map((sentence) => markup`${sentence} `)}</p>
<table class="results scores" role="table" aria-labelledby="summary">${head('figure', FIGURE_COLUMNS)}
${scorecard.claims.map((claim) => {
  const figures = summaryFigures(claim);
  if (figures.length === 0) return undefined;
  return markup`<tbody role="rowgroup"><tr role="row" class="claim"><th role="rowheader" scope="rowgroup" colspan="7"><a href="#${claim.id}">${claim.title}</a></th></tr>
${figures.map((figure) => row(markup`${figure.label}${selectionMark(figure)}`, figureCells(figure), FIGURE_COLUMNS))}</tbody>`;
})}</table></section>`;
}

function judgement(scorecard: Scorecard): Markup {
  const tests = testsOf(scorecard);
  return markup`<section aria-labelledby="judged"><h2 id="judged">How verdicts are reached</h2>
<p>${HOW_JUDGED} The binomial interval in the table is that of our own mean: what another sample of as many test images would
allow.</p>
${tests.length > 0 && markup`<p>Each statement about several groups has a test of its own, named beside it:</p><ul>${tests.map((test) => markup`<li>${test}</li>`)}</ul>`}
<dl><dt id="tuned">tuned on test</dt><dd>${TUNED}</dd></dl></section>`;
}

function figureTable(claim: ClaimResult): Markup {
  const columns = [...FIGURE_COLUMNS, 'by seed'];
  const table = (figures: readonly FigureResult[]): Markup =>
    markup`<table class="results scores" role="table" aria-labelledby="${claim.id}">${head('figure', columns)}
<tbody role="rowgroup">${figures.map((figure) =>
      row(
        markup`${figure.label}${selectionMark(figure)}${figure.reason !== undefined && markup`<span class="below">${figure.reason}</span>`}`,
        [...figureCells(figure), markup`<span class="seeds">${seedsText(figure)}</span>`],
        columns,
      ),
    )}</tbody></table>`;
  const [shown, details] = [summaryFigures(claim), claim.figures.filter(({ detail }) => detail)];
  return markup`${shown.length > 0 && table(shown)}${
    details.length > 0 &&
    markup`<details class="data"><summary>Each of ${details.length} ${plural(details.length, 'figure')} behind the picture</summary>${table(details)}</details>`
  }`;
}

function relation({ statement, verdict, test, p, reason }: RelationResult): Markup {
  return markup`<li>${judged(verdict)} ${statement}<span class="below">${reason}${
    p !== undefined && markup` <span class="together">p = ${significant(p)}</span>`
  } <span class="quiet">(${test})</span></span></li>`;
}

/** The numbers of lines, which their drawing does not write. */
function linesTable(picture: Extract<Picture, { kind: 'lines' }>): Markup {
  const places = [...new Set(picture.series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const rows =
    places.length <= MOST_ROWS
      ? places
      : Array.from({ length: MOST_ROWS }, (_, at) => places[Math.round((at * (places.length - 1)) / (MOST_ROWS - 1))]!);
  const found = picture.series.map(({ points }) => new Map(points.map((point) => [point.x, point])));
  return markup`<details class="data"><summary>The same as a table, ${rows.length} of ${places.length} places</summary>
<div class="scroll" tabindex="0" role="region" aria-label="${picture.title}, as a table"><table class="epochs"><thead><tr><th scope="col">${picture.x}</th>${picture.series.map(({ name }) => markup`<th scope="col">${nameOf(name)}, ${picture.y}</th>`)}</tr></thead>
<tbody>${rows.map(
    (x) =>
      markup`<tr><th scope="row">${plain(x)}</th>${found.map((points) => {
        const point = points.get(x);
        return markup`<td>${point && `${plain(point.y)}${point.deviation === undefined ? '' : ` ± ${plain(Number(point.deviation.toPrecision(3)))}`}`}</td>`;
      })}</tr>`,
  )}</tbody></table></div></details>`;
}

/** One frame at a time, in turn until a person takes an epoch: radio buttons, so that arrow keys walk it. */
function frames(picture: Extract<Picture, { kind: 'matrices' }>, id: string): Markup {
  const shown = framesOf(picture, MOST_FRAMES);
  const button = (kind: string, said: string, checked: boolean): Markup =>
    markup`<input type="radio" class="${kind}" name="${id}" aria-label="${said}" title="${said}"${checked && markup` checked`}>`;
  return markup`<div class="frames n${shown.length}" role="radiogroup" aria-label="${picture.title}: epoch">
${button('play', 'all in turn', true)}<span class="small">in turn, or epoch ${shown[0]!.epoch}</span>
${shown.map((frame, index) => button(`at-${index}`, `epoch ${frame.epoch}`, false))}
<span class="small">${shown.at(-1)!.epoch}</span><span class="break"></span>
${inlineSvg(drawPicture(picture, true))}</div>
<figcaption>True class down, predicted class across, of <bdi>${picture.run}</bdi>; right answers in one colour, errors in the other, by
their share of the row. Arrow keys on the buttons walk the epochs.</figcaption>`;
}

/** Numbers of frames that there are, each once. */
function frameCounts({ claims }: Scorecard): number[] {
  const pictures = claims.flatMap((claim) => claim.pictures);
  return [
    ...new Set(
      pictures.flatMap((picture) => (picture.kind === 'matrices' ? framesOf(picture, MOST_FRAMES).length : [])),
    ),
  ];
}

function figureOf(picture: Picture, id: string): Markup {
  const body = isEmpty(picture)
    ? markup`<p class="quiet">Nothing of it is finished yet.</p>`
    : picture.kind === 'matrices'
      ? frames(picture, id)
      : markup`${inlineSvg(drawPicture(picture))}${picture.kind === 'lines' && linesTable(picture)}`;
  return markup`<figure class="of-${picture.kind}"><h4>${picture.title}</h4>${body}</figure>`;
}

function runsOf({ cells, apart }: ClaimResult): Markup {
  const seeds = [...new Set(cells.map(({ seed }) => seed))].sort((first, second) => first - second);
  const finished = cells.filter(({ state }) => state === 'finished').length;
  return markup`<details class="data"><summary>Its runs, ${finished} of ${cells.length} finished${apart.length > 0 && markup`, ${apart.length} apart`}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table class="epochs runs"><thead><tr><th scope="col">group</th>${seeds.map((seed) => markup`<th scope="col">seed ${seed}</th>`)}</tr></thead>
<tbody>${bySeed(cells).map(
    ({ name, cells: own }) =>
      markup`<tr><th scope="row">${name}</th>${seeds.map((seed) => {
        const cell = own.find((each) => each.seed === seed);
        return markup`<td>${cell && nameOf(cellText(cell))}</td>`;
      })}</tr>`,
  )}</tbody></table></div></details>`;
}

function claimOf(claim: ClaimResult): Markup {
  return markup`<article aria-labelledby="${claim.id}"><h3 id="${claim.id}">${claim.title} <span class="quiet small">${claim.id}</span></h3>
<blockquote>${claim.statement}</blockquote>
${claim.notes.length > 0 && markup`<ul class="notes">${claim.notes.map((note) => markup`<li>${note}</li>`)}</ul>`}
${figureTable(claim)}
${claim.relations.length > 0 && markup`<ul class="relations">${claim.relations.map(relation)}</ul>`}
${claim.pictures.length > 0 && markup`<div class="pictures">${claim.pictures.map((picture, index) => figureOf(picture, `${claim.id}-${index}`))}</div>`}
${runsOf(claim)}</article>`;
}

function list(title: string, said: string, items: readonly Fragment[], open: boolean): Fragment {
  if (items.length === 0) return undefined;
  return markup`<details class="data"${open && markup` open`}><summary>${title}: ${items.length}</summary><p>${said}</p><ul>${items.map((item) => markup`<li>${item}</li>`)}</ul></details>`;
}

function left(scorecard: Scorecard): Markup | undefined {
  const cells = allCells(scorecard);
  const failed = cells.filter(({ state }) => state === 'failed');
  const open = cells.filter(({ state }) => state === 'waiting' || state === 'running');
  const apart = allApart(scorecard);
  if (failed.length + open.length + apart.length === 0) return undefined;
  return markup`<section aria-labelledby="left"><h2 id="left">Not in these numbers</h2>
${list(
  'Failed',
  'These runs failed; everything else went on without them.',
  failed.map(({ key, failure }) => markup`${nameOf(key)}: ${failure ?? 'no reason was kept'}`),
  true,
)}
${list(
  'Of another version of the method',
  `The same specs, trained by another version than ${scorecard.method}: never mixed with the runs above.`,
  apart.map(
    ({ run, group, seed, method, testErrors }) =>
      markup`${nameOf(run)}: ${nameOf(group)}, seed ${seed}, method ${method === 0 ? 'not recorded' : method}, ${testErrors} test errors`,
  ),
  true,
)}
${list(
  'Not finished yet',
  'The command below goes on with them.',
  bySeed(open).map(
    ({ name, cells: own }) =>
      markup`${nameOf(name)}: ${own.map((cell, index) => `${index > 0 ? '; ' : ''}seed ${cell.seed}${cellText(cell) === 'not run yet' ? '' : ` (${cellText(cell)})`}`)}`,
  ),
  false,
)}</section>`;
}

function made(scorecard: Scorecard): Markup {
  const { environments, seeds, trainingSeconds, scale, method, command } = scorecard;
  return markup`<section aria-labelledby="made"><h2 id="made">How this was made</h2>
<pre aria-label="Command">${command}</pre>
<dl class="made"><dt>scale</dt><dd>${scale}: ${SCALES_SAID[scale]}</dd>
<dt>seeds</dt><dd>${seeds.join(', ')}</dd>
<dt>method</dt><dd>version ${method}; the same command gives the same runs</dd>
<dt>time in training steps</dt><dd>${duration(trainingSeconds)}</dd>
<dt>trained by</dt><dd>${environments.length === 0 ? 'nothing yet' : environments.map((environment, index) => markup`${index > 0 && markup`<br>`}${environment}`)}</dd></dl></section>`;
}

/** A study's scorecard: one HTML document that needs no network, no font and no script. */
export function renderScorecard(scorecard: Scorecard): string {
  const sections = [...sectionsOf(scorecard)];
  const rest = left(scorecard);
  const title = TITLES[scorecard.study];
  const links: readonly (readonly [string, string])[] = [
    ['summary', 'Summary'],
    ['judged', 'Verdicts'],
    ...sections.map(([name], index) => [`section-${index + 1}`, name] as const),
    ...(rest ? [['left', 'Not in these numbers'] as const] : []),
    ['made', 'How this was made'],
  ];
  const style = new Markup(
    `<style>${styleSheet()}\n${scorecardRules()}\n${framesStyle(frameCounts(scorecard))}</style>`,
  );
  return markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title>
${style}</head>
<body><header class="top"><h1>${title}</h1>
<p class="quiet">Distill Lab · scale ${scorecard.scale} · <time datetime="${scorecard.createdAt}">${dateText(scorecard.createdAt)}</time></p>
<nav aria-label="Sections"><ul>${links.map(([id, text]) => markup`<li><a href="#${id}">${text}</a></li>`)}</ul></nav></header>
<main>
${summary(scorecard)}
${judgement(scorecard)}
${sections.map(
  ([name, claims], index) =>
    markup`<section aria-labelledby="section-${index + 1}"><h2 id="section-${index + 1}">${name}</h2>${claims.map(claimOf)}</section>`,
)}
${rest}
${made(scorecard)}
</main><footer>Made by Distill Lab; this file is complete in itself.</footer></body></html>
`.text;
}
