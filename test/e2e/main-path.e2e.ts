/** The main path: teacher, student, inspection, comparison, by clicking and by keyboard, with the real core. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { App } from './app';
import { expect, launch, quit, test } from './app';
import {
  SMALL,
  answerDialogs,
  digitColumn,
  epochsOf,
  field,
  isDrawn,
  keepFailure,
  logitsOf,
  menu,
  perCent,
  prepareRun,
  recordOf,
  runIds,
  runInList,
  runList,
  seriousViolations,
  start,
  stepsHeld,
  stepsShown,
  tabTo,
  testLabels,
  train,
  untilDone,
  view,
  wrongRows,
} from './steps';

/** The tests share one application and its runs: each goes on where the one before ended. */
test.describe.configure({ mode: 'serial' });

let folder: string;
let app: App;

async function open(): Promise<void> {
  app = await launch(join(folder, 'lab'), folder);
  await app.electron.context().tracing.start({ screenshots: true, snapshots: true });
}

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'distill-lab-e2e-'));
  await open();
});

test.afterEach(async ({ browserName: _unused }, info) => {
  await keepFailure(app, info);
});

test.afterAll(async () => {
  await quit(app);
  rmSync(folder, { recursive: true, force: true });
});

/** The errors in Inspect's head line. */
const headline = () => app.page.getByRole('main').getByText(/^\(\d+ wrong out of 10000\)$/);

test('trains a teacher: settings, live view, pause, single steps, end', async () => {
  const { page } = app;
  await prepareRun(page, 'teacher 1200', { ...SMALL, Dropout: '', Epochs: '8', 'Checkpoint every': '4' });
  await expect(field(page, 'Name')).toHaveValue('teacher 64');
  await expect(page.getByRole('complementary', { name: 'What it will be' })).toContainText('50,890');

  await field(page, 'Epochs').fill('0');
  await expect(settingsAlerts()).toHaveText([/must be in 1 to 100000/]);
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeDisabled();
  await field(page, 'Epochs').fill('8');
  await expect(settingsAlerts()).toHaveCount(0);

  await start(page);
  const main = page.getByRole('main');
  await main.getByRole('button', { name: 'Pause' }).click();
  await expect(main.getByRole('button', { name: 'Go on' })).toBeVisible();
  await expect(runInList(page, 'teacher 64').getByRole('img', { name: 'paused' })).toBeVisible();
  const held = await stepsHeld(page);
  for (const extra of [1, 2]) {
    await main.getByRole('button', { name: 'Step', exact: true }).click();
    await expect.poll(() => stepsShown(page)).toBe(held + extra);
  }
  await main.getByRole('button', { name: 'Go on' }).click();
  await expect(main.getByText(/ms\/step · [\d.]+K? images\/s · .* left/)).toBeVisible();
  await expect(main.getByText(/^After epoch \d+: hard loss/)).toBeVisible();
  for (const name of [/hard loss/, /test errors; fewest so far/]) {
    await expect.poll(() => isDrawn(main.getByRole('img', { name }))).toBe(true);
  }
  await expect(main.getByRole('table', { name: /Errors now/ })).toContainText(/\d/);
  const strip = main.getByRole('list', { name: /Wrong digits/ });
  await expect(strip.getByRole('listitem').first()).toContainText('→');
  await expect.poll(() => isDrawn(strip.locator('canvas').first())).toBe(true);
  await untilDone(page);
  const [id] = runIds(app.lab);
  expect(recordOf(app.lab, id!)).toMatchObject({ status: 'finished', spec: { name: 'teacher 64' } });
  await expect(runInList(app.page, 'teacher 64')).toContainText('hard labels · 20 % · seed 1');
  expect(epochsOf(app.lab, id!)).toEqual(Array.from({ length: 8 }, (_, epoch) => epoch + 1));
});

function settingsAlerts() {
  return app.page.getByRole('form').getByRole('alert');
}

test('distils a student from it, and trains the same network on hard labels', async () => {
  const { page } = app;
  const settings = { ...SMALL, Hidden: '16', Validation: '0.1', Epochs: '6', 'Checkpoint every': '2' };
  await prepareRun(page, 'student 800', settings);
  const teachers = page.getByRole('group', { name: 'Teachers' });
  const box = teachers.getByRole('checkbox', { name: /^teacher 64 / });
  await expect(box).toBeChecked();
  await box.uncheck();
  await expect(teachers.getByRole('alert')).toContainText('1 to 16 entries');
  await box.check();
  await start(page);
  await untilDone(page);
  await expect(page.getByText(/^gradient share: soft \d+ % hard \d+ %$/)).toBeVisible();
  await train(page, 'baseline 800', settings);
  await expect(page.getByText(/^gradient share/)).toHaveCount(0);
  const [teacher, student, baseline] = runIds(app.lab);
  expect(recordOf(app.lab, student!).teachers.map(({ run }) => run)).toEqual([teacher]);
  expect(recordOf(app.lab, student!).spec).toMatchObject({ name: 'student 16', objective: { temperature: 20 } });
  expect(recordOf(app.lab, baseline!).spec).toMatchObject({ name: 'baseline 16', objective: { kind: 'hard' } });
});

test('inspects it: a cell, its digits, one of them at another temperature, another epoch', async () => {
  const { page, lab } = app;
  const [teacher, student] = runIds(lab);
  await runInList(page, 'student 16').click();
  await page.getByRole('main').getByRole('button', { name: 'Inspect' }).click();
  const last = logitsOf(lab, student!, 'epoch-0006');
  await expect(headline()).toHaveText(`(${wrongRows(last).length} wrong out of 10000)`);

  // The commonest error is named below the matrix.
  const worst = (await page.getByText(/^Rows: true class/).textContent())!;
  const [, label, answer, times] = /Most confused: (\d) read as (\d), (\d+)×/.exec(worst)!;
  const cell = page.getByRole('gridcell', { name: `${label} read as ${answer}: ${times}` });
  await cell.click();
  await expect(page.getByRole('heading', { name: `${label} read as ${answer}` })).toBeVisible();
  const digits = page.getByRole('group', { name: new RegExp(`^${label} read as ${answer}, ${times} digits`) });
  await expect.poll(() => isDrawn(digits.locator('canvas').first())).toBe(true);
  await digits
    .locator('canvas')
    .first()
    .click({ position: { x: 80, y: 30 } });

  const why = page.getByRole('region', { name: 'Which digit and why' });
  await expect(why).toContainText(`labelled ${label}, read as ${answer}`);
  await expect.poll(() => isDrawn(why.getByRole('img', { name: /^Test image/ }))).toBe(true);
  const row = Number(/Test image (\d+)/.exec((await why.textContent())!)![1]);
  expect(testLabels()[row]).toBe(Number(label));
  const taught = logitsOf(lab, teacher!, 'epoch-0008');
  await expect.poll(() => digitColumn(page, 2)).toEqual(perCent([taught[row]!], 4));
  await expect.poll(() => digitColumn(page, 4)).toEqual(perCent([last[row]!], 4));
  const temperature = why.getByRole('slider', { name: 'Temperature' });
  await temperature.focus();
  await page.keyboard.press('End');
  await expect(temperature).toHaveAttribute('aria-valuetext', 'T = 50');
  await expect.poll(() => digitColumn(page, 4)).toEqual(perCent([last[row]!], 50));
  await page.keyboard.press('Home');
  await expect.poll(() => digitColumn(page, 4)).toEqual(perCent([last[row]!], 1));

  const epoch = page.getByRole('slider', { name: 'Kept epoch' });
  await epoch.focus();
  await page.keyboard.press('Home');
  await expect(epoch).toHaveAttribute('aria-valuetext', 'epoch 2');
  await expect(headline()).toHaveText(
    `(${wrongRows(logitsOf(lab, student!, 'epoch-0002')).length} wrong out of 10000)`,
  );
  await page.keyboard.press('End');
  await expect(headline()).toHaveText(`(${wrongRows(last).length} wrong out of 10000)`);
});

test('slides biases: errors are recounted rightly, presets and undo', async () => {
  const { page, lab } = app;
  const last = logitsOf(lab, runIds(lab)[1]!, 'epoch-0006');
  const errors = (bias: Record<number, number>) => `(${wrongRows(last, bias).length} wrong out of 10000)`;
  await page.getByRole('tab', { name: 'Bias' }).click();
  const slider = page.getByRole('slider', { name: 'Bias of class 3' });
  const box = (await slider.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 40, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  const slid = Number(await slider.getAttribute('aria-valuenow'));
  expect(slid).toBeGreaterThan(1);
  await expect(headline()).toHaveText(errors({ 3: slid }));
  await page.getByRole('button', { name: '+3.5 on 3' }).click();
  await expect(headline()).toHaveText(errors({ 3: 3.5 }));
  await page.getByRole('button', { name: '−7.6 on 7 and 8' }).click();
  await expect(headline()).toHaveText(errors({ 7: -7.6, 8: -7.6 }));
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(headline()).toHaveText(errors({ 3: slid }));
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(headline()).toHaveText(errors({}));
  await page.getByRole('button', { name: 'Optimum on validation' }).click();
  await expect(page.getByText('tuned on test', { exact: true })).toBeHidden();
  await page.getByRole('button', { name: /Optimum on test/ }).click();
  await expect(page.getByText('tuned on test', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Reset' }).click();
  await expect(headline()).toHaveText(errors({}));
});

test('shows calibration and first-layer weights, and reads what is drawn', async () => {
  const { page } = app;
  await page.getByRole('tab', { name: 'Calibration' }).click();
  await expect(page.getByRole('region', { name: 'Reliability by confidence' }).getByRole('row')).not.toHaveCount(1);
  await page.getByRole('tab', { name: 'Weights' }).click();
  await expect.poll(() => isDrawn(page.getByRole('img', { name: /first 16 units/ }))).toBe(true);
  await page.getByRole('tab', { name: 'Draw' }).click();
  const box = (await page.getByRole('img', { name: /^Drawing pad/ }).boundingBox())!;
  const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(0.5, 0.15));
  await page.mouse.down();
  await page.mouse.move(...at(0.5, 0.85), { steps: 8 });
  await page.mouse.up();
  const answers = page.getByRole('list', { name: 'Answers' }).getByRole('listitem');
  await expect(answers).toHaveCount(3);
  for (const name of ['student 16', 'teacher 64', 'baseline 16']) {
    await expect(answers.filter({ hasText: name })).toContainText(/^1.* %$/);
  }
});

test('compares student, teacher and baseline', async () => {
  const { page, lab } = app;
  const wrong = runIds(lab).map(
    (id, at) => new Set(wrongRows(logitsOf(lab, id, at === 0 ? 'epoch-0008' : 'epoch-0006'))),
  );
  await view(page, 'Compare').click();
  const main = page.getByRole('main');
  for (const name of ['student 16', 'teacher 64', 'baseline 16']) {
    await main.getByRole('checkbox', { name: new RegExp(`^${name}`) }).check();
  }
  const choose = async (label: string, name: string): Promise<void> => {
    await main.getByRole('combobox', { name: label }).selectOption({ label: name });
  };
  for (const [name, other] of [
    ['teacher 64', wrong[0]!],
    ['baseline 16', wrong[2]!],
  ] as const) {
    await choose('First run', 'student 16');
    await choose('Second run', name);
    const student = wrong[1]!;
    const onlyStudent = [...student].filter((row) => !other.has(row)).length;
    const onlyOther = [...other].filter((row) => !student.has(row)).length;
    await expect(main.getByText(/exact McNemar test/)).toContainText(
      `Only student 16 is wrong on ${onlyStudent} digits, only ${name} on ${onlyOther}`,
    );
  }
});

test('a student of two teachers: their mean is shown; a damaged one stops it before it begins', async () => {
  const { page, lab } = app;
  const main = page.getByRole('main');
  const [first, student, second] = runIds(lab);
  await prepareRun(page, 'student 800', { ...SMALL, Hidden: '16', Name: 'of two', Epochs: '300' });
  const teachers = page.getByRole('group', { name: 'Teachers' });
  await teachers.getByRole('checkbox', { name: /^baseline 16 / }).check();
  await expect(teachers.getByRole('checkbox', { checked: true })).toHaveCount(2);
  await start(page);
  const id = runIds(lab).at(-1)!;
  // The rate warms up over many epochs: after the first few it still reads digits as nearly anything.
  await expect(main.getByText(/^After epoch \d{2,}/)).toBeVisible();
  await main.getByRole('button', { name: 'Stop' }).click();
  const resume = main.getByRole('button', { name: 'Resume' });
  await expect(resume).toBeVisible();

  await view(page, 'Inspect').click();
  await page.getByRole('gridcell', { name: /^4 read as 9/ }).click();
  await expect(page.getByRole('combobox', { name: 'Compared with' })).toContainText('mean of 2 teachers');
  const why = page.getByRole('region', { name: 'Which digit and why' });
  await expect(why).toContainText('labelled 4, read as 9');
  const row = Number(/Test image (\d+)/.exec((await why.textContent())!)![1]);
  const networks = [logitsOf(lab, first!, 'epoch-0008')[row]!, logitsOf(lab, second!, 'epoch-0006')[row]!];
  await page.getByRole('slider', { name: 'Temperature' }).press('End');
  await expect.poll(() => digitColumn(page, 2)).toEqual(perCent(networks, 50));

  const file = join(lab, 'runs', second!, 'checkpoints', 'epoch-0006.safetensors');
  const bytes = readFileSync(file);
  writeFileSync(file, 'no longer a checkpoint');
  await view(page, 'Train').click();
  await resume.click();
  await expect(main.getByRole('alert')).toContainText(second!);
  await expect(runInList(page, 'of two')).toContainText('failed');
  expect(recordOf(lab, id)).toMatchObject({ status: 'failed', failure: expect.stringContaining(file) });
  writeFileSync(file, bytes);
  const before = epochsOf(lab, id).length;
  await resume.click();
  await expect.poll(() => epochsOf(lab, id).length).toBeGreaterThan(before);
  await main.getByRole('button', { name: 'Stop' }).click();
  await expect(resume).toBeVisible();
  await expect(main.getByRole('alert')).toHaveCount(0);
  expect(recordOf(lab, id)).not.toHaveProperty('failure');
  await runInList(page, 'of two').click();
  await page.keyboard.press('Delete');
  await expect.poll(() => runIds(lab)).toEqual([first, student, second]);
});

test('saves a checkpoint to a file and loads it back', async () => {
  const { page, lab } = app;
  const file = join(folder, 'elsewhere.safetensors');
  await answerDialogs(app, file);
  await runInList(page, 'student 16').click();
  await view(page, 'Inspect').click();
  const errors = await headline().textContent();
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await page.getByRole('menuitem', { name: /^Checkpoint/ }).click();
  await expect(page.getByText(/Saved .*elsewhere\.safetensors/)).toBeVisible();
  const before = runIds(lab);
  await page.getByRole('button', { name: 'Load…' }).click();
  await expect.poll(() => runIds(lab)).toHaveLength(before.length + 1);
  const chosen = runList(page).getByRole('gridcell', { selected: true });
  await expect(chosen).toContainText('student 16');
  await expect(chosen).toContainText('loaded');
  await expect(headline()).toHaveText(errors!);
  const loaded = runIds(lab).at(-1)!;
  expect(recordOf(lab, loaded)).toMatchObject({ status: 'finished', teachers: [] });
  expect(wrongRows(logitsOf(lab, loaded, 'epoch-0006'))).toEqual(wrongRows(logitsOf(lab, before[1]!, 'epoch-0006')));
  await chosen.focus();
  await page.keyboard.press('Delete');
  await expect.poll(() => runIds(lab)).toEqual(before);
});

test('renames, tags, notes, stars, clones, deletes with undo, and searches', async () => {
  const { page, lab } = app;
  const list = runList(page);
  const act = async (run: string, item: RegExp): Promise<void> => {
    await runInList(page, run).first().hover();
    await list
      .getByRole('button', { name: `Actions for ${run}` })
      .first()
      .click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  const write = async (label: RegExp, text: string): Promise<void> => {
    await list.getByRole('textbox', { name: label }).fill(text);
    await page.keyboard.press('Enter');
  };
  await act('baseline 16', /^Rename/);
  await write(/^Name/, 'the plain one');
  await act('the plain one', /^Tags/);
  await write(/^Tags/, 'control, small');
  await act('the plain one', /^Note/);
  await write(/^Note/, 'hard labels only');
  await act('the plain one', /^Star/);
  // Stars stand first.
  await expect(list.getByRole('row').first()).toContainText('the plain one');
  await expect(list.getByRole('row').first()).toContainText('control, small');
  const search = page.getByRole('searchbox', { name: 'Search runs' });
  for (const words of ['plain', 'control', 'labels only']) {
    await search.fill(words);
    await expect(list.getByRole('row')).toHaveCount(1);
  }
  await search.fill('nothing of the kind');
  await expect(page.getByText('No run matches “nothing of the kind”.')).toBeVisible();
  await search.fill('');

  // What cannot be kept stays in its field, also when another run is to be renamed.
  const obstacle = join(
    lab,
    'runs',
    runIds(lab).find((id) => recordOf(lab, id).spec.name === 'baseline 16')!,
    'notes.json',
  );
  renameSync(obstacle, `${obstacle}.away`);
  mkdirSync(obstacle);
  const noteField = list.getByRole('textbox', { name: /^Note/ });
  await act('the plain one', /^Note/);
  await write(/^Note/, 'not kept yet');
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('notes.json');
  await act('teacher 64', /^Rename/);
  await expect(noteField).toBeFocused();
  await expect(noteField).toHaveValue('not kept yet');
  rmdirSync(obstacle);
  renameSync(`${obstacle}.away`, obstacle);
  await act('teacher 64', /^Rename/);
  await write(/^Name/, 'teacher 64');
  await search.fill('not kept yet');
  await expect(list.getByRole('row')).toHaveCount(1);
  await search.fill('');

  await act('the plain one', /settings in a new run/);
  await expect(field(page, 'Hidden')).toHaveValue('16');
  await expect(field(page, 'Share')).toHaveValue('0.2');

  const before = runIds(lab);
  await act('the plain one', /^Delete/);
  await expect(runInList(page, 'the plain one')).toHaveCount(0);
  await expect.poll(() => runIds(lab)).toHaveLength(before.length - 1);
  await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).last().click();
  await expect(runInList(page, 'the plain one')).toHaveCount(1);
  expect(runIds(lab)).toEqual(before);
});

test('stops a run and resumes it; killed while it trains, it is resumed after a new start', async () => {
  const main = () => app.page.getByRole('main');
  await prepareRun(app.page, 'baseline 800', { Hidden: '64', Share: '0.1', Epochs: '30' });
  await start(app.page);
  const id = runIds(app.lab).at(-1)!;
  const epochs = () => epochsOf(app.lab, id).length;
  await expect(main().getByText(/^After epoch \d+/)).toBeVisible();
  await main().getByRole('button', { name: 'Stop' }).click();
  await expect(
    main()
      .getByText(/· stopped$/)
      .first(),
  ).toBeVisible();
  expect(recordOf(app.lab, id).status).toBe('stopped');
  const stopped = epochs();
  await main().getByRole('button', { name: 'Resume' }).click();
  await expect.poll(epochs).toBeGreaterThan(stopped);

  await quit(app);
  const killed = epochs();
  expect(killed).toBeLessThan(30);
  await open();
  await runInList(app.page, 'baseline 64').click();
  await view(app.page, 'Train').click();
  await expect(
    main()
      .getByText(/· stopped$/)
      .first(),
  ).toBeVisible();
  await main().getByRole('button', { name: 'Resume' }).click();
  await untilDone(app.page);
  expect(epochsOf(app.lab, id)).toEqual(Array.from({ length: 30 }, (_, epoch) => epoch + 1));
  expect(recordOf(app.lab, id).status).toBe('finished');
});

test('shows a run of the terminal live, and the terminal one of the window', async () => {
  const { page, lab } = app;
  const script = fileURLToPath(new URL('../../scripts/lab.mjs', import.meta.url));
  const settings = ['model.hidden=[16]', 'data.share=0.2', 'training.epochs=40'].flatMap((set) => ['--set', set]);
  const command = [script, 'train', 'fast-baseline', '--name', 'from outside', ...settings, '--lab', lab];
  const terminal = spawn(process.execPath, command, { stdio: 'ignore' });
  const ended = once(terminal, 'exit');
  const run = runInList(page, 'from outside');
  const main = page.getByRole('main');
  await run.click();
  await view(page, 'Train').click();
  await expect(run.getByRole('img', { name: 'running' })).toBeVisible();
  await expect(main.getByText(/^After epoch \d+: hard loss/)).toBeVisible();
  // A run of the window would not wait for it.
  await main.getByRole('button', { name: 'New run' }).click();
  await expect(main.getByRole('button', { name: 'Start', exact: true })).toBeVisible();
  await run.click();
  await expect(main.getByText(/^Another process trains this run/)).toBeVisible();
  await expect(main.getByRole('button', { name: /^(Pause|Step|Stop)$/ })).toHaveCount(0);
  await expect(page.getByRole('contentinfo')).toContainText(/from outside · epoch \d+ of 40, in another process/);
  await menu(app, 'Pause or go on');
  const messages = page.getByRole('region', { name: 'Messages' });
  await expect(messages.getByText(/“from outside”: Another process trains this run/)).toBeVisible();
  await messages.getByRole('button', { name: 'Dismiss' }).last().click();
  await untilDone(page);
  expect(await ended).toEqual([0, null]);
  await expect(main.getByText(/^After epoch 40: hard loss/)).toBeVisible();

  await prepareRun(page, 'baseline 800', { ...SMALL, Epochs: '400' });
  await start(page);
  await expect(main.getByText(/^After epoch \d+/)).toBeVisible();
  const id = runIds(lab).at(-1)!;
  const { stdout } = spawnSync(process.execPath, [script, 'runs', '--json', '--lab', lab], { encoding: 'utf8' });
  const listed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; status: string });
  expect(listed.find((found) => found.id === id)).toMatchObject({ status: 'running' });
  const { status, stderr } = spawnSync(process.execPath, [script, 'resume', id, '--lab', lab], { encoding: 'utf8' });
  expect(stderr).toContain('is being trained');
  expect(status).toBe(6);
  await menu(app, 'Pause or go on');
  await expect(main.getByRole('button', { name: 'Go on' })).toBeVisible();
  await menu(app, 'Stop');
  await expect(main.getByRole('button', { name: 'Resume' })).toBeVisible();
});

test('goes the main path by keyboard alone', async () => {
  const { page, lab } = app;
  const { keyboard } = page;
  const main = page.getByRole('main');
  const type = async (label: string, text: string): Promise<void> => {
    await tabTo(page, field(page, label));
    await keyboard.type(text);
  };
  await page.reload();
  await tabTo(page, view(page, 'Compare'));
  await keyboard.press('Enter');
  await expect(main.getByRole('heading', { name: 'Compare' })).toBeVisible();
  await tabTo(page, view(page, 'Train'), 'Shift+Tab');
  await keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: /^baseline 800 / }).first());
  await keyboard.press('Enter');
  await type('Name', 'by keyboard');
  await type('Hidden', '16');
  await type('Share', '0.2');
  await type('Epochs', '8');
  await tabTo(page, page.getByRole('button', { name: 'Start', exact: true }));
  await keyboard.press('Enter');
  // The button is gone: the focus is at the run's own.
  await expect(main.getByRole('button', { name: 'Pause' })).toBeFocused();
  await keyboard.press('Enter');
  await expect(main.getByRole('button', { name: 'Go on' })).toBeFocused();
  const held = await stepsHeld(page);
  await tabTo(page, main.getByRole('button', { name: 'Step', exact: true }));
  await keyboard.press('Enter');
  await expect.poll(() => stepsShown(page)).toBe(held + 1);
  await tabTo(page, main.getByRole('button', { name: 'Go on' }), 'Shift+Tab');
  await keyboard.press('Enter');
  await untilDone(page);
  const rows = logitsOf(lab, runIds(lab).at(-1)!, 'epoch-0008');

  await tabTo(page, main.getByRole('button', { name: 'Inspect' }));
  await keyboard.press('Enter');
  await expect(view(page, 'Inspect')).toBeFocused();
  await tabTo(page, page.getByRole('gridcell', { name: /^0 read as 0/ }));
  // 4s read as 9s: no small network is without them.
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'End']) await keyboard.press(key);
  const cell = page.getByRole('gridcell', { name: /^4 read as 9/ });
  await expect(cell).toBeFocused();
  await keyboard.press('Enter');
  const digits = page.getByRole('group', { name: /^4 read as 9, \d+ digits/ });
  await expect(digits).toBeFocused();
  await keyboard.press('End');
  const why = page.getByRole('region', { name: 'Which digit and why' });
  await expect(why).toContainText('labelled 4, read as 9');
  await keyboard.press('Enter');
  const temperature = page.getByRole('slider', { name: 'Temperature' });
  await expect(temperature).toBeFocused();
  for (let press = 0; press < 5; press++) await keyboard.press('ArrowRight');
  const T = Number(/T = ([\d.]+)/.exec((await temperature.getAttribute('aria-valuetext'))!)![1]);
  expect(T).toBeGreaterThan(4);
  const image = Number(/Test image (\d+)/.exec((await why.textContent())!)![1]);
  await expect.poll(() => digitColumn(page, 2)).toEqual(perCent([rows[image]!], T));
  await keyboard.press('Escape');
  await expect(digits).toBeFocused();
  await keyboard.press('Escape');
  await expect(cell).toBeFocused();
  await expect(page.getByRole('heading', { name: 'All errors' })).toBeVisible();

  // No view is a trap: Tab comes round to the first of the views again.
  for (const name of ['Inspect', 'Compare', 'Train', 'Data'] as const) {
    await tabTo(page, view(page, name));
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    await tabTo(page, view(page, 'Data'));
  }
});

test('has no serious violation of accessibility, in any view and both themes', async () => {
  test.setTimeout(240_000);
  const { page } = app;
  const found: string[] = [];
  // Everything is looked through once, and again with a menu open; the rest of the time the view alone.
  const audit = async (where: string, part = 'main'): Promise<void> => {
    found.push(...(await seriousViolations(page, where, part)));
  };
  await view(page, 'Data').click();
  await expect(page.getByRole('main')).toContainText('60,000');
  await audit('Data', 'html');
  await view(page, 'Train').click();
  await audit('a finished run');
  await prepareRun(page, 'student 800', { ...SMALL, Epochs: '400' });
  await field(page, 'Learning rate').fill('1000');
  await expect(settingsAlerts()).toHaveCount(1);
  await audit('New run with a refused setting');
  await field(page, 'Learning rate').fill('0.05');
  await start(page);
  await expect(page.getByText(/^After epoch \d+/)).toBeVisible();
  await page.getByRole('button', { name: 'As a table' }).first().click();
  await audit('a live run, one of its charts as a table');
  await page.getByRole('main').getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('main').getByRole('button', { name: 'Resume' })).toBeVisible();
  await runInList(page, 'student 16').click();
  await view(page, 'Inspect').click();
  await page.getByRole('gridcell', { name: /^4 read as 9/ }).click();
  await audit('Inspect, a digit');
  for (const name of ['Bias', 'Calibration', 'Weights', 'Draw']) {
    await page.getByRole('tab', { name }).click();
    await audit(`Inspect, ${name}`);
  }
  await view(page, 'Compare').click();
  await page.getByRole('checkbox', { name: /^student 16/ }).check();
  await page.getByRole('checkbox', { name: /^teacher 64/ }).check();
  await expect(page.getByText(/exact McNemar test/)).toBeVisible();
  await audit('Compare');
  const list = runList(page);
  await list.getByRole('button', { name: 'Actions for student 16' }).click();
  await audit('the menu of a run', 'html');
  await page.getByRole('menuitem', { name: /^Rename/ }).click();
  await audit('a run being renamed', 'aside');
  expect(found).toEqual([]);
});
