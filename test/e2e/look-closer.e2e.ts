/** What Inspect says beyond errors: soft targets of whole classes, a map of the last hidden layer, labels that look wrong. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './app';
import { seriousViolations, SMALL, train, view } from './steps';

test('a run’s classes, map and labels are looked into, and a label is marked', async ({ app }) => {
  const { page, lab } = app;
  await train(page, 'baseline 800', { ...SMALL, Share: '0.05', Epochs: '2' });
  await view(page, 'Inspect').click();
  const matrix = page.getByRole('grid', { name: /^Confusion matrix/ });

  await page.getByRole('button', { name: 'Soft targets' }).click();
  const cell = matrix.locator('[data-cell="4-9"]');
  await expect(cell).toHaveAccessibleName(/^4 gives 9 [\d.]+ per cent$/);
  const before = await cell.getAttribute('aria-label');
  await page.getByRole('slider', { name: 'Temperature of the soft targets' }).press('End');
  await expect(cell).not.toHaveAccessibleName(before!);
  await cell.click();
  await expect(page.getByRole('heading', { name: '4 gives 9' })).toBeVisible();
  await expect(page.getByText('982 digits')).toBeVisible();

  await page.getByRole('tab', { name: 'Map' }).click();
  const map = page.getByRole('img', { name: /^Map of the test images.*of the variance of 64 units/ });
  await expect(map).toBeVisible({ timeout: 30_000 });
  await page.getByRole('combobox', { name: 'Choose on the map' }).selectOption('3');
  await expect(page.getByRole('heading', { name: 'Chosen on the map' })).toBeVisible();
  await expect(page.getByText('1010 digits')).toBeVisible();
  const box = (await map.boundingBox())!;
  await page.mouse.move(box.x + 2, box.y + 2);
  await page.mouse.down();
  for (const [x, y] of [
    [box.width - 2, 2],
    [box.width - 2, box.height - 2],
    [2, box.height - 2],
  ] as const) {
    await page.mouse.move(box.x + x, box.y + y, { steps: 4 });
  }
  await page.mouse.up();
  await expect(page.getByText('10000 digits')).toBeVisible();
  await page.getByRole('combobox', { name: 'Map by' }).selectOption('umap');
  await expect(page.getByRole('progressbar', { name: 'UMAP' })).toBeVisible();
  await expect(page.getByRole('img', { name: /2000 images, neighbours by/ })).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'UMAP' })).toBeHidden({ timeout: 60_000 });
  expect(await seriousViolations(page, 'Inspect with a map', 'main')).toEqual([]);

  await page.getByRole('tab', { name: 'Labels' }).click();
  const suspects = page.getByRole('group', { name: /^Suspect labels/ });
  await suspects.click({ position: { x: 30, y: 30 } });
  await page.getByRole('button', { name: 'Label is wrong' }).click();
  await expect(page.getByText(/wrong of 10,000, the official number; .* of the 9,999/)).toBeVisible();
  const marks = JSON.parse(readFileSync(join(lab, 'labels', 'mnist.json'), 'utf8')) as { test: number[] };
  expect(marks.test).toHaveLength(1);
  await page.getByRole('combobox', { name: 'Whose labels' }).selectOption('train');
  await page.getByRole('button', { name: 'Cross-validate' }).click();
  await expect(page.getByText(/^[\d,]+ suspect$/)).toBeVisible({ timeout: 60_000 });
  expect(await seriousViolations(page, 'Inspect with labels', 'main')).toEqual([]);
});
