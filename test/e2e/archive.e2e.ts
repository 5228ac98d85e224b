/** A run leaves a lab as one file, and goes on in another: by the menu, and by a double click. */
import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, expect, launch, program, quit, test } from './app';
import { SMALL, answerDialogs, menu, recordOf, runIds, runInList, train } from './steps';

test('a run and its file: saved by the menu, opened by a double click, by a second one and again', async ({
  app,
  folder,
}) => {
  const { page, lab } = app;
  const file = join(folder, 'a run <img src=x onerror=alert(1)>.distill');
  await train(page, 'baseline 800', { ...SMALL, Epochs: '1', Name: 'to give away' });
  await answerDialogs(app, file);
  await menu(app, 'Save run archive…');
  await expect(page.getByText('Saved “to give away” with its teachers')).toBeVisible();
  expect(statSync(file).size).toBeGreaterThan(100_000);
  await menu(app, 'Open run archive…');
  await expect(page.getByText('is in this lab already')).toBeVisible();
  expect(runIds(lab)).toHaveLength(1);

  const damaged = join(folder, 'damaged.distill');
  writeFileSync(damaged, readFileSync(file).subarray(0, 50_000));
  await answerDialogs(app, damaged);
  await menu(app, 'Open run archive…');
  await expect(page.getByText(/damaged\.distill is not a run archive that can be opened/)).toBeVisible();
  expect(runIds(lab)).toHaveLength(1);
  await quit(app);

  // As a file manager starts it: with the file's path.
  const { executable, args } = program();
  const elsewhere = join(folder, 'elsewhere');
  const other = await launch(elsewhere, folder, {}, { executable, args: [...args, file] });
  try {
    await expect(runInList(other.page, 'to give away')).toBeVisible();
    await expect(other.page.getByText(/is a run of this lab now/)).toBeVisible();
    const [id] = runIds(elsewhere);
    expect(recordOf(elsewhere, id!).checkpoints).toEqual(recordOf(lab, runIds(lab)[0]!).checkpoints);
    // A second double click finds the application open.
    const second = spawn(executable, [...args, `--lab=${elsewhere}`, file], {
      env: environment(folder),
      stdio: 'ignore',
    });
    await new Promise((resolve) => second.once('exit', resolve));
    await expect(other.page.getByText('is in this lab already')).toBeVisible();
    expect(runIds(elsewhere)).toHaveLength(1);
  } finally {
    await quit(other);
  }
});
