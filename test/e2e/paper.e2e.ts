/** The paper claim by claim: what a person runs from the scorecard, and what stands in the lab folder then. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '../../src-core/contract/run';
import { METHOD } from '../../src-core/contract/run';
import type { Scorecard } from '../../src-core/contract/scorecard';
import { expandStudy } from '../../src-core/contract/study';
import { claimedStudy } from '../../src-core/studies/claimed-studies';
import { expect, test } from './app';
import { answerDialogs, recordOf, runIds, seriousViolations, view } from './steps';

test('a claim is run from the scorecard, fills in, is judged, and leads to its run', async ({ app, folder }) => {
  const { page, lab } = app;
  await view(page, 'Paper').click();
  await expect(page.getByText('Nothing was run at this scale yet.')).toBeVisible();
  const scorecard = page.getByRole('table', { name: /^Scorecard/ });
  const row = scorecard.getByRole('row', { name: /^baseline/ });
  await expect(row.getByRole('button', { name: 'not run' })).toBeVisible();

  await page.getByRole('button', { name: 'Run The baseline' }).click();
  await expect(page.getByText(/^0 of 1 runs · baseline, seed 1, epoch/)).toBeVisible();
  await expect(row.getByRole('button', { name: 'cannot tell' })).toBeVisible({ timeout: 100_000 });
  await expect(page.getByText(/^1 of 1 runs · all of it was tried$/)).toBeVisible();

  const [id, ...others] = runIds(lab);
  expect(others).toEqual([]);
  const record = recordOf(lab, id!);
  expect(record.status).toBe('finished');
  await expect(row.getByRole('cell').nth(2)).toHaveText(String(record.checkpoints.at(-1)!.testErrors));
  await row.getByRole('button', { name: 'cannot tell' }).focus();
  await expect(page.getByRole('tooltip').filter({ hasText: 'One seed against the paper’s 146' })).toBeVisible();
  // In the list it stands in its study, which is folded.
  const group = page.getByRole('button', { name: /^paper-section-3-minutes 1$/ });
  await expect(group).toHaveAttribute('aria-expanded', 'false');

  const file = join(folder, 'scorecard.json');
  await answerDialogs(app, file);
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: 'Scorecard as JSON…' }).click();
  await expect(page.getByText(`Saved ${file}`)).toBeVisible();
  const saved = JSON.parse(readFileSync(file, 'utf8')) as Scorecard;
  expect(saved.claims.find((claim) => claim.id === 'baseline')!.figures[0]!.seeds.map((seed) => seed.run)).toEqual([
    id,
  ]);

  await page.getByRole('button', { name: 'The baseline', exact: true }).press('Enter');
  await expect(page.getByRole('list', { name: 'Verdicts and their reasons' })).toContainText('One seed against');
  expect(await seriousViolations(page, 'Paper', '#app')).toEqual([]);
  await page.getByRole('region', { name: 'Runs of The baseline' }).getByRole('button', { name: 'seed 1' }).click();
  await expect(page.getByRole('grid', { name: /^Confusion matrix/ })).toBeVisible();
});

test('what failed in an earlier sitting says why, and is tried again when asked; a teacher that is gone is not', async ({
  app,
}) => {
  const { page, lab } = app;
  const cells = expandStudy(claimedStudy(lab, 'paper-section-3', 'minutes').study);
  const write = (id: string, key: string, changes: Partial<RunRecord>): void => {
    const folder = join(lab, 'runs', id);
    mkdirSync(folder, { recursive: true });
    const { spec } = cells.find((cell) => cell.key === key)!;
    const record: RunRecord = {
      id,
      format: 1,
      createdAt: '2024-01-02T03:04:05.000Z',
      spec,
      status: 'created',
      environment: {
        lab: '0.1.0',
        tensorflow: '2.21.0',
        device: 'cpu',
        processor: 'some',
        threads: 2,
        node: '20.11.0',
        platform: 'linux-x64',
        gitCommit: null,
        method: METHOD,
      },
      teachers: [],
      model: { summary: id.slice(5), parameterCount: 10, multiplyAdds: 8, side: 28, classes: 10 },
      images: { training: 60_000, validation: 0 },
      checkpoints: [],
      ...changes,
    };
    writeFileSync(join(folder, 'run.json'), JSON.stringify(record));
  };
  write('0001-784-800-800-10', 'baseline seed=1', { status: 'failed', failure: 'The loss is not finite.' });
  await view(page, 'Paper').click();
  await expect(page.getByText('Failed: baseline, seed 1: The loss is not finite.').first()).toBeVisible();
  expect(await seriousViolations(page, 'Paper with a failure', '#app')).toEqual([]);
  await page.getByRole('button', { name: 'Try again what failed of The baseline' }).click();
  await expect(page.getByText(/^0 of 1 runs · baseline, seed 1, epoch/)).toBeVisible();
  expect(runIds(lab)).toHaveLength(2);
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await expect(page.getByText(/ · paused$/)).toBeVisible();

  const student = cells.find((cell) => cell.key === 'student seed=1')!.spec;
  const gone = { run: '0009-784-1200-1200-10', checkpoint: 'epoch-0001', sha256: 'a'.repeat(64) };
  const objective = { ...student.objective, teachers: [`${gone.run}@${gone.checkpoint}`] };
  write('0010-784-800-800-10', 'student seed=1', { spec: { ...student, objective } as never, teachers: [gone] });
  await expect(page.getByText(`The teacher ${gone.run} (teacher seed=1) is gone or damaged`).first()).toBeVisible();
  await page.getByRole('button', { name: 'Run The student', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('Bring it back');
  await expect(page.getByRole('button', { name: 'Train anew' })).toBeVisible();
  expect(runIds(lab)).toHaveLength(3);
});

test('a file of added seeds that is wrong is one sentence, and nothing can be started', async ({ app }) => {
  const { page, lab } = app;
  const file = join(lab, 'studies', 'paper-section-3-minutes.json');
  mkdirSync(join(lab, 'studies'), { recursive: true });
  writeFileSync(file, JSON.stringify({ addedSeeds: { basline: [2] } }));
  await view(page, 'Paper').click();
  await expect(page.getByRole('alert')).toHaveText(
    `${file}: addedSeeds.basline is not a group of the study. Did you mean "baseline"?`,
  );
  await expect(page.getByRole('button', { name: /^Run/ })).toHaveCount(0);
});

test('a cluster that cannot be reached is named, and this machine trains as before', async ({ app }) => {
  const { page } = app;
  await view(page, 'Paper').click();
  const where = page.getByRole('combobox', { name: 'Where it is trained' });
  const run = page.getByRole('button', { name: 'Run all' });
  await expect(run).toBeEnabled();
  await where.selectOption('ray');
  await expect(run).toBeDisabled();
  await page.getByLabel('Address').fill('127.0.0.1:1');
  expect(await seriousViolations(page, 'Paper with a cluster', 'main')).toEqual([]);
  await run.click();
  await expect(page.getByText('Ray at http://127.0.0.1:1 cannot be reached (ECONNREFUSED)')).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'Progress of the study' })).toBeHidden();
  await where.selectOption('local');
  await run.click();
  await expect(page.getByRole('progressbar', { name: 'Progress of the study' })).toBeVisible();
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await expect(page.getByRole('main').getByText(/· paused$/)).toBeVisible({ timeout: 60_000 });
});
