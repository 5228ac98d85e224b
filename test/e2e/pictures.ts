/**
 * The README's pictures: the built application with real runs. A lab with a finished teacher, baseline and student is
 * copied, so that it stays as it is; without one, three short runs are trained first.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Run } from '../../src-core/experiments/run-store';
import { RunStore } from '../../src-core/experiments/run-store';
import type { App } from './app';
import { expect, launch, quit } from './app';
import { view } from './steps';

const SIZE = { width: 1440, height: 900 };
/** Epochs of runs that are trained for their pictures alone. */
const SHORT_EPOCHS = 3;
/** The live run's curves have begun to bend. */
const LIVE_EPOCHS = 8;
const MOST_MILLISECONDS = 15 * 60_000;

const root = fileURLToPath(new URL('../..', import.meta.url));
const images = join(root, 'docs/images');
const { values } = parseArgs({ options: { lab: { type: 'string' }, verbose: { type: 'boolean' } } });

/** The newest finished student, its teacher, and a finished network of the student's shape on hard labels. */
function threeRuns(lab: string): { teacher: Run; baseline: Run; student: Run } {
  const runs = new RunStore(lab).list().filter((run): run is Run => 'record' in run && run.status === 'finished');
  const student = runs.findLast(({ record }) => record.teachers.length > 0);
  const teacher = runs.find(({ id }) => id === student?.record.teachers[0]?.run);
  const baseline = runs.findLast(
    ({ spec, record }) => spec.objective.kind === 'hard' && record.model.summary === student?.record.model.summary,
  );
  if (!student || !teacher || !baseline) throw new Error(`${lab} needs a finished teacher, baseline and student.`);
  return { teacher, baseline, student };
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
  await page.getByRole('grid', { name: 'Runs' }).getByRole('row').first().click();
  await page.getByRole('searchbox', { name: 'Search runs' }).fill('');
  await page.getByRole('searchbox', { name: 'Search runs' }).blur();
}

async function pictures(app: App): Promise<void> {
  const { page } = app;
  await app.electron.evaluate(({ BrowserWindow }, { width, height }) => {
    BrowserWindow.getAllWindows()[0]!.setContentSize(width, height);
  }, SIZE);
  await page.emulateMedia({ colorScheme: 'light' });
  await page
    .getByText(/TensorFlow 2\.\d+/)
    .first()
    .waitFor();
  const { teacher, baseline, student } = threeRuns(app.lab);

  await view(page, 'Data').click();
  await page.getByRole('heading', { name: 'Data', exact: true }).waitFor();
  await page.waitForTimeout(2000);
  await take(app, 'data');

  await choose(app, student.id);
  await view(page, 'Inspect').click();
  const grid = page.getByRole('grid', { name: /Confusion matrix/ });
  await grid.waitFor();
  const cells = grid.locator('[data-cell]');
  const counts = (await cells.allTextContents()).map((text) => Number(text) || 0);
  const most = cells.nth(counts.indexOf(Math.max(...counts)));
  await most.click();
  await expect(most).toHaveAttribute('aria-selected', 'true');
  await page.waitForTimeout(2000);
  await take(app, 'inspect');
  await page.emulateMedia({ colorScheme: 'dark' });
  await take(app, 'inspect-dark');
  await page.emulateMedia({ colorScheme: 'light' });

  await view(page, 'Compare').click();
  for (const { spec } of [teacher, baseline, student]) {
    await page.getByRole('checkbox', { name: spec.name }).first().check();
  }
  await page.getByLabel('First run').selectOption(baseline.id);
  await page.getByLabel('Second run').selectOption(student.id);
  await page.getByText(/exact McNemar/).waitFor();
  await take(app, 'compare');

  await view(page, 'Train').click();
  await page.getByRole('button', { name: 'New run' }).click();
  await page
    .getByRole('button', { name: /^student 800/i })
    .first()
    .click();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  const epochs = () => new RunStore(app.lab).open('last').metrics().length;
  await expect.poll(() => new RunStore(app.lab).ids().at(-1)).not.toBe(student.id);
  await expect.poll(epochs, { timeout: MOST_MILLISECONDS, intervals: [1000] }).toBeGreaterThanOrEqual(LIVE_EPOCHS);
  await take(app, 'train');
}

const home = mkdtempSync(join(tmpdir(), 'distill-lab-pictures-'));
const lab = join(home, 'distill-lab');
try {
  mkdirSync(images, { recursive: true });
  if (values.lab === undefined) {
    const reproduce = ['reproduce', 'fast', '--epochs', String(SHORT_EPOCHS), '--lab', lab];
    execFileSync(process.execPath, [join(root, 'scripts/lab.mjs'), ...reproduce], { stdio: 'inherit' });
  } else cpSync(resolve(values.lab), lab, { recursive: true });
  const app = await launch(lab, home);
  try {
    await pictures(app);
  } finally {
    await quit(app);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
