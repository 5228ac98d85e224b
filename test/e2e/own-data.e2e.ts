/** Images of one's own, from a folder of PNG files to a student's confusion matrix: 20 classes of 12×12 pixels. */
import { encode } from 'fast-png';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors } from '../../src-core/data/safetensors';
import { expect, test } from './app';
import { answerDialogs, seriousViolations, train, view } from './steps';

const CLASSES = 20;
const SIDE = 12;
const EACH = 12;

/** A bar at another place for each class: black on white, as a scanner has it. */
function draw(folder: string): void {
  for (let label = 0; label < CLASSES; label++) {
    const place = join(folder, `sign ${String.fromCharCode(65 + label)}`);
    mkdirSync(place, { recursive: true });
    for (let at = 0; at < EACH; at++) {
      const data = new Uint8Array(SIDE * SIDE).fill(250 - at);
      for (let along = 0; along < SIDE; along++) {
        const line = label % 10;
        data[label < 10 ? line * SIDE + along : along * SIDE + line] = 5 * at;
      }
      writeFileSync(join(place, `${at}.png`), encode({ width: SIDE, height: SIDE, data, depth: 8, channels: 1 }));
    }
  }
}

test('images of one’s own become a data set, teach, and come back in every view', async ({ app, folder }) => {
  const { page, lab } = app;
  const source = join(folder, 'signs');
  draw(source);

  await view(page, 'Data').click();
  await page.getByRole('button', { name: 'Add images…' }).click();
  await answerDialogs(app, lab);
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  await expect(page.getByText('holds no folders with PNG files')).toBeVisible();
  await answerDialogs(app, source);
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  const panel = page.getByRole('region', { name: 'Add images' });
  await expect(panel.getByText('12×12 pixels')).toBeVisible();
  await expect(panel.getByRole('row')).toHaveCount(CLASSES + 1);
  await expect(panel.getByLabel('Exchange black and white')).toBeChecked();
  await panel.getByLabel('Class of label sign A').fill('top');
  await panel.getByLabel('Test share').fill('0.25');
  expect(existsSync(join(lab, 'datasets'))).toBe(false);
  expect(await seriousViolations(page, 'Data while images are added', 'main')).toEqual([]);
  await panel.getByRole('button', { name: 'Add the data set' }).click();

  await expect(page.getByText('signs · 180 training and 60 test images')).toBeVisible();
  const record = JSON.parse(readFileSync(join(lab, 'datasets', 'signs', 'dataset.json'), 'utf8')) as {
    classNames: string[];
    side: number;
  };
  expect([record.side, record.classNames.length, record.classNames[0]]).toEqual([SIDE, CLASSES, 'top']);
  await expect(page.getByRole('checkbox', { name: '1 sign B' })).toBeChecked();

  await page.getByRole('button', { name: 'Use in a new run' }).click();
  await expect(page.locator('[data-path="data.dataset"]')).toHaveValue('signs');
  await train(page, 'teacher 1200', { Hidden: '32', Dropout: '', Epochs: '3', Jitter: '1' });
  await view(page, 'Inspect').click();
  const matrix = page.getByRole('grid', { name: /^Confusion matrix/ });
  await expect(matrix.getByRole('row')).toHaveCount(CLASSES + 2);
  await expect(matrix.locator('[data-cell="0-1"]')).toHaveAccessibleName(/^top read as 1 sign B/);
  expect(await seriousViolations(page, 'Inspect with twenty classes', 'main')).toEqual([]);

  await view(page, 'Data').click();
  await page.getByRole('region', { name: 'What is kept' }).getByRole('button', { name: 'Delete the data set' }).click();
  await expect(page.getByRole('combobox', { name: 'Data set' })).toHaveValue('mnist');
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await expect(page.getByRole('combobox', { name: 'Data set' })).toHaveValue('signs');
});

test('a network of another program’s is looked at, becomes a run, and is refused where it fits nothing', async ({
  app,
  folder,
}) => {
  const { page, lab } = app;
  const good = join(folder, 'colleague.safetensors');
  const bad = join(folder, 'other.safetensors');
  const array = (...shape: number[]) => ({
    shape,
    values: Float32Array.from(
      { length: shape.reduce((product, length) => product * length, 1) },
      (_, at) => Math.sin(at) / 20,
    ),
  });
  writeFileSync(
    good,
    encodeSafetensors({
      'fc1.weight': array(12, 784),
      'fc1.bias': array(12),
      'fc2.weight': array(10, 12),
      'fc2.bias': array(10),
    }),
  );
  writeFileSync(bad, encodeSafetensors({ 'lstm.weight_ih_l0': array(4, 4) }));
  await view(page, 'Inspect').click();
  const dialog = page.getByRole('dialog', { name: 'A network from elsewhere' });
  await answerDialogs(app, bad);
  await page.getByRole('button', { name: /^Load/ }).click();
  await expect(dialog.getByRole('alert')).toContainText('lstm.weight_ih_l0');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await answerDialogs(app, good);
  await page.getByRole('button', { name: /^Load/ }).click();
  await expect(dialog.getByText('784-12-10')).toBeVisible();
  await expect(dialog.getByRole('radio')).toHaveCount(3);
  expect(existsSync(join(lab, 'runs'))).toBe(false);
  expect(await seriousViolations(page, 'A network before it is imported', '[role=dialog]')).toEqual([]);
  await dialog.getByLabel('Name').fill('a colleague’s');
  await dialog.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('heading', { name: 'a colleague’s' })).toBeVisible();
  await expect(page.getByRole('grid', { name: /^Confusion matrix/ })).toBeVisible();
  await view(page, 'Train').click();
  await expect(page.getByText('Read from colleague.safetensors')).toBeVisible();
});
