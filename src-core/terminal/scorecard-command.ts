/** `reproduce paper-section-3` and `reproduce blog`: a study, its scorecard, a report and a JSON file. */
import { bold, dim, green, red, yellow } from 'ansis';
import { dirname, extname, join, resolve } from 'node:path';
import { LabError } from '../contract/errors';
import { METHOD } from '../contract/run';
import type { ClaimResult, FigureResult, Scorecard, Verdict } from '../contract/scorecard';
import { cellsOf, expandStudy } from '../contract/study';
import { makeFolder, writeAtomically } from '../data/atomic-write';
import type { Run } from '../experiments/run-store';
import type { Lab } from '../lab';
import { measureLatencies } from '../studies/latency';
import { renderScorecard } from '../studies/report';
import { renderResults } from '../studies/results';
import { Scorer } from '../studies/score';
import { refuseGoneTeachers } from '../studies/study-cells';
import { addSeed, claimedStudy, findClaim, findScale, findStudy } from '../studies/claimed-studies';
import { grouped } from './format';
import type { Output } from './output';
import type { StudyCommandOptions } from './run-study';
import { runStudy, throwStopped, workersOf } from './run-study';
import { renderTable } from './table';

export interface ScorecardOptions extends StudyCommandOptions {
  readonly scale?: string;
  readonly claim?: string;
  readonly addSeed?: boolean;
}

const COLOURS: Readonly<Record<Verdict, (text: string) => string>> = {
  agrees: green,
  differs: red,
  'cannot tell': yellow,
  'not run': dim,
};

const number = (value: number): string =>
  value >= 10_000 ? grouped(value) : Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 1);

function figureRow(claim: ClaimResult, figure: FigureResult, first: boolean): string[] {
  const { label, published, mean, deviation, binomial, verdict, selectedOn, seeds } = figure;
  return [
    first ? bold(claim.id) : '',
    `${label}${selectedOn === 'test' ? yellow(' tuned on test') : ''}`,
    published.paper === undefined ? '' : String(published.paper),
    published.blog === undefined ? '' : String(published.blog),
    mean === undefined ? dim('–') : `${number(mean)}${deviation === undefined ? '' : ` ± ${deviation.toFixed(1)}`}`,
    binomial ? `${binomial.low.toFixed(0)}–${binomial.high.toFixed(0)}` : '',
    String(seeds.length),
    verdict ? COLOURS[verdict](verdict) : '',
  ];
}

/** The scorecard as a person reads it in a terminal. */
function scorecardText(scorecard: Scorecard, claims: readonly ClaimResult[]): string[] {
  const relations = claims.flatMap(({ relations: all }) => all);
  const failed = claims.flatMap(({ cells }) => cells.filter(({ state }) => state === 'failed'));
  const apart = new Set(claims.flatMap((claim) => claim.apart.map(({ run }) => run)));
  return [
    '',
    bold(`${scorecard.study}, scale ${scorecard.scale}`),
    ...renderTable(
      [
        { title: 'claim' },
        { title: 'figure' },
        { title: 'paper', align: 'right' },
        { title: 'blog', align: 'right' },
        { title: 'ours', align: 'right' },
        { title: '95 %', align: 'right' },
        { title: 'seeds', align: 'right' },
        { title: 'verdict' },
      ],
      claims.flatMap((claim) =>
        claim.figures.filter(({ detail }) => !detail).map((figure, at) => figureRow(claim, figure, at === 0)),
      ),
    ),
    '',
    ...relations.map(
      ({ statement, verdict, reason, p }) =>
        `${COLOURS[verdict](verdict.padEnd(11))} ${statement}: ${reason}${p === undefined ? '' : dim(` p = ${p.toPrecision(2)}`)}`,
    ),
    ...new Set(failed.map(({ key, failure }) => red(`failed      ${key}: ${failure ?? ''}`))),
    ...(scorecard.gone === undefined ? [] : [yellow(scorecard.gone)]),
    ...(apart.size > 0
      ? [dim(`${apart.size} finished runs of another version of the method are left out: ${[...apart].join(', ')}`)]
      : []),
  ];
}

/** Measures what claims on latency need, then puts the scorecard together. */
async function scoreNow(lab: Lab, studyName: string, scaleName: string): Promise<Scorecard> {
  const [name, scale] = [findStudy(studyName), findScale(scaleName)];
  await measureLatencies(lab, claimedStudy(lab.folder, name, scale));
  return new Scorer(lab).score(name, scale);
}

async function write(file: string, text: string): Promise<void> {
  makeFolder(dirname(file));
  await writeAtomically(file, text);
}

export async function scorecardCommand(
  lab: Lab,
  output: Output,
  options: ScorecardOptions,
  studyName: string,
): Promise<void> {
  const name = findStudy(studyName);
  if (options.scale === undefined) {
    throw new LabError('bad-input', `reproduce ${name} needs a scale.`, 'Add --scale minutes, hours, night or full.');
  }
  const scale = findScale(options.scale);
  const claim =
    options.claim === undefined ? undefined : findClaim(claimedStudy(lab.folder, name, scale), options.claim);
  if (options.addSeed) {
    if (!claim) throw new LabError('bad-input', '--add-seed needs a claim.', 'Add --claim ID.');
    // A seed stays for good: what refuses to train with it is said before it is added.
    workersOf(options);
    if (!options.retrain) {
      const cells = cellsOf(expandStudy(claimedStudy(lab.folder, name, scale).study), claim.groups);
      refuseGoneTeachers(
        cells,
        lab.runs().filter((run): run is Run => 'spec' in run),
        METHOD,
      );
    }
    output.note(`Seed ${await addSeed(lab.folder, name, scale, claim)} added to ${claim.id}.`);
  }
  const { study } = claimedStudy(lab.folder, name, scale);
  const { ended } = await runStudy(lab, output, study, {
    ...options,
    ...(claim ? { groups: claim.groups } : {}),
  });
  const scorecard = await scoreNow(lab, name, scale);
  const file = join(lab.folder, 'reports', `${study.name}.html`);
  const json = join(lab.folder, 'reports', `${study.name}.json`);
  await write(file, renderScorecard(scorecard));
  await write(json, `${JSON.stringify(scorecard, undefined, 2)}\n`);
  output.text(
    ...scorecardText(scorecard, claim ? scorecard.claims.filter(({ id }) => id === claim.id) : scorecard.claims),
  );
  output.text('', `Report: ${bold(file)}`, `JSON:   ${json}`);
  output.value({ type: 'result', report: file, json, scorecard });
  if (!ended) throwStopped(study.name);
}

/** `report STUDY --scale …`: the scorecard as it stands, as a page, as Markdown with pictures beside it, or as JSON. */
export async function scorecardReport(
  lab: Lab,
  output: Output,
  studyName: string,
  scaleName: string,
  out: string | undefined,
): Promise<void> {
  const scorecard = await scoreNow(lab, studyName, scaleName);
  const file = out === undefined ? join(lab.folder, 'reports', `${scorecard.name}.html`) : resolve(out);
  const written = [file];
  switch (extname(file)) {
    case '.html':
      await write(file, renderScorecard(scorecard));
      break;
    case '.json':
      await write(file, `${JSON.stringify(scorecard, undefined, 2)}\n`);
      break;
    case '.md': {
      const { markdown, pictures } = renderResults(scorecard);
      for (const { name, svg } of pictures) {
        const path = join(dirname(file), name);
        await write(path, svg);
        written.push(path);
      }
      await write(file, markdown);
      break;
    }
    default:
      throw new LabError('bad-input', `${file}: a scorecard is written as .html, .md or .json.`);
  }
  output.text(...written);
  output.value({ report: file, written });
}
