/** The paper claim by claim: what a person runs from the scorecard, and what stands in the lab folder then. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scorecard } from '../../src-core/contract/scorecard';
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
  await expect(page.getByText(/^0 of 1 runs · baseline seed=1, epoch/)).toBeVisible();
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
