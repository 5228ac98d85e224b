/** A data set is prepared once, kept under a name, and taken again on another day. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, launch, quit, test } from './app';
import { seriousViolations, view } from './steps';

test('a recipe: kept, taken after a restart, replaced when asked, deleted and back', async ({ app, folder }) => {
  const { page, lab } = app;
  const file = join(lab, 'recipes', 'no threes noisy.json');
  await view(page, 'Data').click();
  const noise = page.getByLabel('Noise, deviation');
  const recipe = page.getByRole('combobox', { name: 'Recipe' });
  const digits = page.getByRole('img', { name: /^Training digits, each shifted/ });
  await expect(recipe).toBeDisabled();
  await noise.fill('0.25');
  await expect(digits).toHaveAccessibleName(/noise of deviation 0\.25/);
  const drawn = () => digits.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  await expect(page.getByRole('button', { name: 'Roll again' })).toBeEnabled();
  const before = await drawn();
  await page.getByRole('button', { name: 'Roll again' }).click();
  await expect.poll(drawn).not.toBe(before);

  await page.getByRole('button', { name: 'Save as…' }).click();
  const name = page.getByRole('textbox', { name: 'Name of the recipe' });
  await expect(name).toBeFocused();
  await name.fill('../escape');
  await name.press('Enter');
  await expect(page.getByText('This cannot be a recipe’s name.')).toBeVisible();
  await name.fill('no threes noisy');
  await name.press('Enter');
  await expect(page.getByText('Kept as the recipe “no threes noisy”.')).toBeVisible();
  await expect(recipe).toHaveValue('no threes noisy');
  await expect(page.getByRole('button', { name: 'Save as…' })).toBeFocused();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ format: 1, data: { noise: 0.25 } });
  expect(await seriousViolations(page, 'Data with a recipe', 'main')).toEqual([]);
  await quit(app);

  writeFileSync(join(lab, 'recipes', 'torn.json'), '{"form');
  const again = await launch(lab, folder);
  try {
    const { page: next } = again;
    await view(next, 'Data').click();
    const list = next.getByRole('combobox', { name: 'Recipe' });
    await expect(next.getByText(/^recipes.torn\.json is left aside/)).toBeVisible();
    await expect(next.getByLabel('Noise, deviation')).toHaveValue('0');
    await list.selectOption('no threes noisy');
    await expect(next.getByLabel('Noise, deviation')).toHaveValue('0.25');

    await next.getByLabel('Noise, deviation').fill('0.5');
    await next.getByRole('button', { name: 'Save as…' }).click();
    await next.getByRole('textbox', { name: 'Name of the recipe' }).fill('no threes noisy');
    await expect(next.getByText('“no threes noisy” is there: it is replaced.')).toBeVisible();
    await next.getByRole('button', { name: 'Replace' }).click();
    await expect.poll(() => readFileSync(file, 'utf8')).toContain('0.5');

    await next.getByRole('main').getByRole('button', { name: 'Delete the recipe' }).click();
    await expect.poll(() => existsSync(file)).toBe(false);
    await next.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => existsSync(file)).toBe(true);
    await expect(list).toHaveValue('no threes noisy');
  } finally {
    await quit(again);
  }
});
