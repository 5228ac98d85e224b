/** The real terminal entry in processes of its own: what a person mistypes, and what a program reads. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../src-core/contract/run';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'distill-lab-cli-'));
const lab = join(folder, 'lab');
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command as `npm run lab` does, with nobody at the keyboard. */
function run(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = {
      ...process.env,
      TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'),
      TF_CPP_MIN_LOG_LEVEL: '2',
      NO_COLOR: '1',
    };
    const program = ['--import', 'tsx', 'src-core/cli.ts', ...args];
    const child = execFile(process.execPath, program, { cwd: root, env }, (_, out, err) => {
      resolve({ code: child.exitCode, out, err });
    });
    child.stdin?.end();
  });
}

/** Every line of standard output as JSON. */
function values(ended: Ended): Record<string, unknown>[] {
  const lines = ended.out.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A network and a transfer set that train in one step. */
const TINY = ['--set', 'data.share=0.002', '--set', 'model.hidden=[8,8]', '--epochs', '1', '--lab', lab];

describe('the documents', () => {
  const reference = readFileSync(join(root, 'docs', 'reference.md'), 'utf8');

  it('hold the reference as the program gives it: `npm run lab -- reference > docs/reference.md`', async () => {
    const { code, out } = await run('reference');
    expect(code).toBe(0);
    expect(reference).toBe(out);
  });

  it('name commands, options, presets and fields that are there', () => {
    const files = [
      'README.md',
      ...['exchange', 'packages', 'tutorial', 'how-to', 'ray'].map((page) => `docs/${page}.md`),
    ];
    const lines = files.flatMap((file) => readFileSync(join(root, file), 'utf8').split('\n'));
    const commands = lines.flatMap((line) => /npm run lab -- ([^#`]+)/.exec(line)?.[1]?.trim() ?? []);
    expect(commands.length).toBeGreaterThan(15);
    for (const command of commands) {
      const [first, second] = command.split(' ');
      const nested = reference.includes(`### ${first} ${second}\n`);
      const start = reference.indexOf(`### ${nested ? `${first} ${second}` : first}\n`);
      expect(start, command).toBeGreaterThan(0);
      const part = reference.slice(start, reference.indexOf('\n### ', start));
      for (const [option] of command.matchAll(/--[a-z-]+/g)) {
        if (!['--lab', '--json', '--verbose', '--help'].includes(option))
          expect(part, command).toContain(`\`${option}`);
      }
      for (const [, path] of command.matchAll(/--set ([\w.]+)=/g)) expect(reference, command).toContain(`\`${path}\``);
      for (const [, preset] of command.matchAll(/(?:^train|--preset) ([\w-]+)/g)) {
        expect(reference, command).toContain(`\`${preset}\``);
      }
    }
  });
});

describe('bad input', () => {
  it.concurrent.each<[string[], number, string[]]>([
    [['trian', 'fast-teacher'], 2, ["unknown command 'trian'", 'Did you mean train?']],
    [['runs', 'shw'], 2, ["unknown command 'runs shw'", 'Did you mean "show"?']],
    [['train', 'fast-teacher', '--epoch', '3'], 2, ["unknown option '--epoch'", 'Did you mean --epochs?']],
    [
      ['export', '1', '--format', 'pmml'],
      2,
      ["'pmml' is invalid", 'Allowed choices are onnx, tfjs, safetensors, npz, csv.'],
    ],
    [['train', 'fast-baseline', '--lab', lab, '--recipe', 'nothing'], 3, ['There is no recipe “nothing”.']],
    [['train', 'fast-techer', '--lab', lab], 2, ['There is no preset "fast-techer".', 'Did you mean "fast-teacher"?']],
    [
      ['train', 'fast-teacher', '--lab', lab, '--set', 'data.jiter.pixels=1'],
      2,
      ['There is no field "data.jiter.pixels".', 'Did you mean "data.jitter.pixels"?'],
    ],
    [
      ['train', 'fast-teacher', '--lab', lab, '--set', 'data.jitter.pixels=9'],
      2,
      ['data.jitter.pixels = 9 must be in 0 to 4.'],
    ],
    [
      ['reproduce', 'paper-section-4', '--scale', 'hours', '--lab', lab],
      2,
      ['There is no study "paper-section-4".', 'Did you mean "paper-section-3"?'],
    ],
    [
      ['reproduce', 'blog', '--lab', lab],
      2,
      ['reproduce blog needs a scale.', '--scale minutes, hours, night or full'],
    ],
    [['reproduce', 'blog', '--scale', 'hour', '--lab', lab], 2, ['There is no scale "hour".', 'Did you mean "hours"?']],
    [
      ['reproduce', 'paper-section-3', '--scale', 'minutes', '--claim', 'omited-3', '--lab', lab],
      2,
      ['There is no claim "omited-3".', 'Did you mean "omitted-3"?'],
    ],
    [
      ['reproduce', 'paper-section-3', '--scale', 'minutes', '--add-seed', '--lab', lab],
      2,
      ['--add-seed needs a claim.', 'Add --claim ID.'],
    ],
    [
      ['reproduce', 'paper-section-3', '--scale', 'minutes', '--epochs', '3', '--lab', lab],
      2,
      ['reproduce paper-section-3 has no --epochs.', 'Leave it out.'],
    ],
    [['reproduce', 'fast', '--scale', 'minutes', '--lab', lab], 2, ['reproduce fast has no --scale.', 'Leave it out.']],
    [
      ['reproduce', 'blog', '--scale', 'minutes', '--workers', '0', '--lab', lab],
      2,
      ['--workers = 0 must be a whole number, 1 to 64.'],
    ],
    [
      ['train', 'fast-student', '--lab', lab],
      2,
      ["fast-student is a student's preset and needs a teacher.", 'distill --teacher RUN'],
    ],
  ])('%j ends with %i and says what is meant', async (args, code, words) => {
    const ended = await run(...args);
    expect(ended.err.split('\n')).not.toContainEqual(expect.stringMatching(/^ +at /));
    for (const word of words) expect(ended.err).toContain(word);
    expect([ended.code, ended.out]).toEqual([code, '']);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('a file where the lab folder should be is named at once', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'mine');
    const [trained, doctor] = await Promise.all([
      run('train', 'fast-teacher', '--lab', file),
      run('doctor', '--lab', file, '--json'),
    ]);
    expect(trained.code).toBe(7);
    expect(trained.err).toContain(`${join(file, 'runs')}: a file stands where a folder should`);
    expect(trained.err).toContain('--lab DIR');
    const finding = expect.objectContaining({ what: 'Lab folder', remedy: 'give another with --lab DIR' });
    expect(values(doctor)[0]).toMatchObject({ healthy: false, findings: expect.arrayContaining([finding]) });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('is told to programs too', async () => {
    const [usage, missing] = await Promise.all([
      run('trian', '--json'),
      run('runs', 'show', '3', '--json', '--lab', lab),
    ]);
    expect(values(usage)).toEqual([{ error: { code: 'bad-input', message: expect.stringContaining("'trian'") } }]);
    expect([usage.code, missing.code]).toEqual([2, 3]);
    expect(values(missing)).toEqual([{ error: { code: 'not-found', message: expect.stringContaining('no runs') } }]);
  });
});

describe('--help', () => {
  it('shows every command; of a spec’s fields the units, ranges and defaults; the presets', async () => {
    const [all, train] = await Promise.all([run('--help'), run('train', '--help')]);
    const commands = [
      'train',
      'distill',
      'reproduce',
      'evaluate',
      'resume',
      'compare',
      'report',
      'export',
      'runs',
      'doctor',
    ];
    for (const command of commands) expect(all.out).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(train.out).toMatch(/^ {2}training\.batchSize +images a step; images; 1 to 8192; default 128$/m);
    expect(train.out).toMatch(/^ {2}objective\.temperature .*; 0\.1 to 1000; default 20; only soft$/m);
    expect(train.out).toMatch(/^ {2}fast-teacher /m);
    expect([all.code, train.code]).toEqual([0, 0]);
  });
});

describe('--json', () => {
  beforeAll(async () => {
    const trained = await run('train', 'fast-baseline', ...TINY, '--json');
    expect(values(trained)).toMatchObject([
      { type: 'status', run: '0001-baseline-800', status: 'running' },
      { type: 'epoch', record: { epoch: 1, step: 1 } },
      { type: 'status', status: 'finished' },
      { type: 'result', run: '0001-baseline-800', test: { total: 10_000 } },
    ]);
    const distilled = await run('distill', '--teacher', 'baseline-800', '--temperature', '4', ...TINY, '--json');
    expect(values(distilled).at(-1)).toMatchObject({
      type: 'result',
      test: { teacher: { agreement: expect.any(Number) } },
    });
  });

  it.concurrent.each<[string[], object[]]>([
    [['evaluate', '1', '--checkpoint', 'best'], [{ run: '0001-baseline-800', epoch: 1 }]],
    [['resume', 'last'], [{ type: 'result', run: '0002-student-800' }]],
    [['compare', '1', '2'], [{ first: '0001-baseline-800', second: '0002-student-800', p: expect.any(Number) }]],
    [['report', '1', '2'], [{ report: join(lab, 'reports', 'runs-1-2.html') }]],
    [
      ['export', '1', '--format', 'csv', '--out', join(folder, 'out')],
      ['metrics', 'predictions'].map((what) => ({
        file: join(folder, 'out', `0001-baseline-800-epoch-0001-${what}.csv`),
      })),
    ],
    [
      ['runs'],
      [
        { id: '0001-baseline-800', status: 'finished' },
        { id: '0002-student-800', teachers: ['0001-baseline-800'] },
      ],
    ],
    [
      ['runs', 'show', '2'],
      [{ id: '0002-student-800', spec: { objective: { temperature: 4 } }, metrics: [{ epoch: 1 }] }],
    ],
    [['runs', 'delete', '1'], [{ error: { code: 'cancelled', message: expect.stringContaining('--yes') } }]],
    [['doctor'], [{ healthy: true }]],
  ])('%j gives one JSON value a line', async (args, expected) => {
    const ended = await run(...args, '--lab', lab, '--json');
    expect(values(ended)).toMatchObject(expected);
    expect(ended.code).toBe('error' in expected[0]! ? 130 : 0);
  });

  it('["reproduce", "fast"] too, and beside an own folder nothing is written', async () => {
    const ended = await run('reproduce', 'fast', ...TINY, '--lab', join(folder, 'study'), '--json');
    expect(values(ended).at(-1)).toMatchObject({
      type: 'result',
      runs: [{ run: '0001-teacher-1200' }, { run: '0002-baseline-800' }, { run: '0003-student-800' }],
      comparison: { p: expect.any(Number) },
    });
    expect(readdirSync(join(folder, 'study')).sort()).toEqual(['reports', 'runs']);
  });
});

describe('for people', () => {
  it('a list is a table, an evaluation counts errors, a deletion needs a yes', async () => {
    const [list, evaluation] = await Promise.all([run('runs', '--lab', lab), run('evaluate', '1', '--lab', lab)]);
    expect(list.out).toMatch(/^● +0001-baseline-800 +784-8-8-10 +1\/1 +[\d,]+ +finished$/m);
    expect(evaluation.out).toMatch(/test accuracy +\d+\.\d\d % \(\d+ wrong out of 10000\), 95 % interval/);
    const deleted = await run('runs', 'delete', '2', '--yes', '--lab', lab);
    expect([deleted.code, deleted.out]).toEqual([0, 'Deleted 0002-student-800.\n']);
    expect(readdirSync(join(lab, 'runs'))).toEqual(['0001-baseline-800']);
  });

  it('a teacher of other classes is refused before a run is made', async () => {
    const file = join(lab, 'runs', '0001-baseline-800', 'run.json');
    const record = JSON.parse(readFileSync(file, 'utf8')) as RunRecord;
    writeFileSync(file, JSON.stringify({ ...record, model: { ...record.model, classes: 47 } }));
    const ended = await run('distill', '--teacher', '1', ...TINY);
    expect(ended.code).toBe(5);
    expect(ended.err).toContain("28×28 images of 47 classes, the student's data are 28×28 of 10.");
    expect(readdirSync(join(lab, 'runs'))).toEqual(['0001-baseline-800']);
  });
});
