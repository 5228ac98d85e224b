/**
 * The README's pictures: the built application with real runs. A lab with a finished teacher, baseline and student is
 * copied, so that it stays as it is; without one, three short runs are trained first.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RunSummary } from '../../src-core/contract/rpc';
import type { RunSpecInput } from '../../src-core/contract/spec';
import { PRESETS } from '../../src-core/experiments/presets';
import type { App } from './app';
import { corePort, expect, launch, quit } from './app';

const SIZE = { width: 1440, height: 900 };
/** Epochs of a run that is trained for its picture alone. */
const SHORT_EPOCHS = 3;
/** The live run's curves have begun to bend. */
const LIVE_EPOCHS = 8;
const MOST_MILLISECONDS = 15 * 60_000;

const images = fileURLToPath(new URL('../../docs/images', import.meta.url));
const { values } = parseArgs({ options: { lab: { type: 'string' }, verbose: { type: 'boolean' } } });

type Core = Awaited<ReturnType<typeof corePort>>;

function preset(name: string, teacher?: string): RunSpecInput {
  const { spec } = PRESETS.find((known) => known.name === name)!;
  const { objective } = spec;
  return teacher === undefined || !objective || objective.kind === 'hard'
    ? spec
    : { ...spec, objective: { ...objective, teachers: [teacher] } };
}

async function runsOf(core: Core): Promise<RunSummary[]> {
  return (await core('runs')) as RunSummary[];
}

async function runOf(core: Core, id: string): Promise<RunSummary> {
  return (await runsOf(core)).find((run) => run.id === id)!;
}

/** Trains a preset for a few epochs. */
async function trainShortly(core: Core, name: string, teacher?: string): Promise<string> {
  const spec = preset(name, teacher);
  const id = (await core('startRun', { ...spec, training: { ...spec.training, epochs: SHORT_EPOCHS } })) as string;
  await expect
    .poll(async () => (await runOf(core, id)).status, { timeout: MOST_MILLISECONDS, intervals: [1000] })
    .toBe('finished');
  return id;
}

/** A teacher, a baseline and a student, finished: those of the lab, or new ones. */
async function threeRuns(core: Core) {
  const finished = (await runsOf(core)).filter(({ status }) => status === 'finished');
  const student = finished.findLast(({ objective }) => objective === 'soft');
  const teacher = finished.find(({ id }) => id === student?.teachers[0]);
  const baseline = finished.findLast(({ objective, model }) => objective === 'hard' && model === student?.model);
  if (student && teacher && baseline) return { teacher: teacher.id, baseline: baseline.id, student: student.id };
  const trained = await trainShortly(core, 'fast-teacher');
  return {
    teacher: trained,
    baseline: await trainShortly(core, 'fast-baseline'),
    student: await trainShortly(core, 'fast-student', trained),
  };
}

async function take({ page }: App, name: string): Promise<void> {
  // The pointer would leave a hover, the focus a ring, a message its box.
  await page.mouse.move(0, SIZE.height - 1);
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(images, `${name}.png`) });
  console.log(`docs/images/${name}.png`);
}

async function choose({ page }: App, id: string): Promise<void> {
  await page.getByRole('searchbox', { name: 'Search runs' }).fill(id);
  await page.getByRole('listbox', { name: 'Runs' }).getByRole('option').first().click();
  await page.getByRole('searchbox', { name: 'Search runs' }).fill('');
}

async function pictures(app: App): Promise<void> {
  const { page } = app;
  await app.electron.evaluate(({ BrowserWindow }, { width, height }) => {
    BrowserWindow.getAllWindows()[0]!.setContentSize(width, height);
  }, SIZE);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.getByText(/TensorFlow 2\.\d+/).first().waitFor();
  const core = await corePort(page);
  const runs = await threeRuns(core);

  await page.keyboard.press('Control+1');
  await page.getByRole('heading', { name: 'Data', exact: true }).waitFor();
  await page.waitForTimeout(2000);
  await take(app, 'data');

  await choose(app, runs.student);
  await page.keyboard.press('Control+3');
  const grid = page.getByRole('grid', { name: /Confusion matrix/ });
  await grid.waitFor();
  const cells = grid.getByRole('gridcell');
  const counts = (await cells.allTextContents()).map((text) => Number(text) || 0);
  await cells.nth(counts.indexOf(Math.max(...counts))).click();
  await page.waitForTimeout(2000);
  await take(app, 'inspect');
  await page.emulateMedia({ colorScheme: 'dark' });
  await take(app, 'inspect-dark');
  await page.emulateMedia({ colorScheme: 'light' });

  await page.keyboard.press('Control+4');
  for (const id of [runs.teacher, runs.baseline, runs.student]) {
    const { notes } = await runOf(core, id);
    await page.getByRole('checkbox', { name: notes.title }).first().check();
  }
  await page.getByLabel('First run').selectOption(runs.baseline);
  await page.getByLabel('Second run').selectOption(runs.student);
  await page.getByText(/exact McNemar/).waitFor();
  await take(app, 'compare');

  const live = (await core('startRun', preset('fast-student', runs.teacher))) as string;
  await page.keyboard.press('Control+2');
  await expect.poll(async () => (await runsOf(core)).some(({ id }) => id === live)).toBe(true);
  await choose(app, live);
  await expect
    .poll(async () => (await runOf(core, live)).epoch, { timeout: MOST_MILLISECONDS, intervals: [1000] })
    .toBeGreaterThanOrEqual(LIVE_EPOCHS);
  await take(app, 'train');
}

const home = mkdtempSync(join(tmpdir(), 'distill-lab-pictures-'));
const lab = join(home, 'distill-lab');
try {
  mkdirSync(images, { recursive: true });
  if (values.lab === undefined) console.log('Without --lab DIR, three short runs are trained first.');
  else cpSync(resolve(values.lab), lab, { recursive: true });
  const app = await launch(lab, home);
  try {
    await pictures(app);
  } finally {
    await quit(app);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
