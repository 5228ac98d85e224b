/** The window as such: it opens, it is closed to the outside, and it survives the core's death. */
import type { Locator, Page } from '@playwright/test';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { App } from './app';
import { corePid, expect, launch, quit, test } from './app';
import { seriousViolations, view } from './steps';

/** All that window.desktop may hold. */
const DESKTOP = [
  'askForCore',
  'canSetUp',
  'chooseFolder',
  'onArchive',
  'onCommand',
  'onSetUpLine',
  'openExternal',
  'openFile',
  'platform',
  'saveFile',
  'setUp',
];

test('opens with its title, and says which TensorFlow it computes with', async ({ app }) => {
  await expect(app.page).toHaveTitle('Distill Lab');
  await expect(app.page.getByText(/TensorFlow 2\.\d+/).first()).toBeVisible();
});

test('has no node, and a desktop that is no more than its contract', async ({ app }) => {
  const found = await app.page.evaluate(() => ({
    desktop: Object.keys((globalThis as unknown as { desktop: object }).desktop).sort(),
    node: ['require', 'process', 'module', 'Buffer'].filter((name) => name in globalThis),
  }));
  expect(found).toEqual({ desktop: DESKTOP, node: [] });
});

test('under development loads its own page anew, and goes nowhere else', async ({ folder }) => {
  let served = 0;
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end(`<title>page ${++served}</title>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const app = await launch(join(folder, 'lab'), folder, { DISTILL_LAB_DEV_SERVER: address });
  try {
    const { page } = app;
    const before = served;
    await page.evaluate('void location.reload()').catch(() => undefined);
    await expect(page).toHaveTitle(`page ${before + 1}`);
    await page.evaluate('void (location.href = "/elsewhere")').catch(() => undefined);
    await page.waitForTimeout(500);
    expect(page.url()).toBe(address);
    expect(served).toBe(before + 1);
  } finally {
    await quit(app);
    server.close();
  }
});

test('opens no other window, goes nowhere and fetches nothing from outside', async ({ app }) => {
  const { page, electron } = app;
  const address = page.url();
  const opened = await page.evaluate('window.open("https://example.com") === null');
  expect(opened).toBe(true);
  await page.evaluate('void (location.href = "https://example.com/")').catch(() => undefined);
  await page.waitForTimeout(500);
  expect(page.url()).toBe(address);
  const fetched = await page.evaluate('fetch("https://example.com/").then(() => "answered", () => "refused")');
  expect(fetched).toBe('refused');
  const evaluated = await page.evaluate(
    `new Promise((resolve) => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
      setTimeout(() => resolve(window.injected === true), 100);
    })`,
  );
  expect(evaluated).toBe(false);
  expect(await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  await expect(page.evaluate('window.desktop.openExternal("http://example.com/")')).rejects.toThrow(/not a page/);
  await expect(page.evaluate('window.desktop.openExternal({})')).rejects.toThrow(/refused/);
  await expect(page.evaluate('Notification.requestPermission()')).resolves.toBe('denied');
});

test('an empty lab says in every view what to do next, without serious violations of accessibility', async ({
  app,
}) => {
  const { page } = app;
  await expect(page.getByText('No runs yet.')).toBeVisible();
  const found: string[] = [];
  for (const [name, next] of [
    ['Inspect', /train/i],
    ['Compare', /train/i],
    ['Train', /New run/],
    ['Data', /60,000/],
  ] as const) {
    await view(page, name).click();
    await expect(page.getByRole('main')).toContainText(next);
    found.push(...(await seriousViolations(page, name, 'html')));
  }
  expect(found).toEqual([]);
});

/** Epochs recorded in a run's folder. */
function epochsOf(lab: string, id: string): number {
  try {
    return readFileSync(join(lab, 'runs', id, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean).length;
  } catch {
    return 0;
  }
}

/** The runs in the sidebar. */
function runs(page: Page): Locator {
  return page.getByRole('grid', { name: 'Runs' });
}

/** Starts a run that is long enough to be interrupted, as a person does; its id once it has recorded an epoch. */
async function train({ page, lab }: App): Promise<string> {
  await page.getByRole('button', { name: /^baseline 800/ }).click();
  await page.getByLabel('Hidden', { exact: true }).fill('32');
  await page.getByLabel('Epochs', { exact: true }).fill('400');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
  const [id] = readdirSync(join(lab, 'runs'));
  await expect.poll(() => epochsOf(lab, id!), { timeout: 60_000 }).toBeGreaterThan(0);
  return id!;
}

/** Resumes the run that is shown, and waits until it has gone further. */
async function resume({ page, lab }: App, id: string): Promise<void> {
  const before = epochsOf(lab, id);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect.poll(() => epochsOf(lab, id), { timeout: 60_000 }).toBeGreaterThan(before);
}

/** Resolves once the page says this, be it for a moment: asking again and again could miss it. */
function said(page: Page, text: string): Promise<void> {
  return page.evaluate(
    `new Promise((resolve) => {
      const look = () => document.body.innerText.includes(${JSON.stringify(text)}) && resolve();
      new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
      look();
    })`,
  );
}

test('starts the core again after it was killed while training, and the run can be resumed', async ({ app }) => {
  const { page } = app;
  const id = await train(app);
  const killed = corePid(app);
  const noticed = said(page, 'The core has stopped. It starts again by itself');
  process.kill(killed, 'SIGKILL');
  await noticed;
  await expect(page.getByText(/TensorFlow 2\.\d+/).first()).toBeVisible();
  await expect(page.getByText('The core has stopped.')).toBeHidden();
  expect(corePid(app)).not.toBe(killed);
  // What was shown is still shown.
  await expect(
    runs(page).getByRole('gridcell', { selected: true }).getByRole('img', { name: 'stopped' }),
  ).toBeVisible();
  await resume(app, id);
});

test('after the application was killed, a new one resumes the run', async ({ app, folder }) => {
  const id = await train(app);
  await quit(app);
  const next = await launch(app.lab, folder);
  try {
    await runs(next.page)
      .getByRole('gridcell', { name: /^stopped/ })
      .click();
    await resume(next, id);
  } finally {
    await quit(next);
  }
});

test('quitting while training asks once, and finishes the epoch', async ({ app }) => {
  const id = await train(app);
  const asked = () => app.electron.evaluate(() => (globalThis as unknown as { asked: number[] }).asked.length);
  await app.electron.evaluate(({ dialog, app: electronApp }) => {
    const answers: number[] = [];
    Object.assign(globalThis, { asked: answers });
    dialog.showMessageBox = () => {
      answers.push(1);
      // The first time "Cancel", then "Finish the epoch, then quit".
      return Promise.resolve({ response: answers.length === 1 ? 1 : 0, checkboxChecked: false });
    };
    electronApp.quit();
  });
  await expect.poll(asked).toBe(1);
  const before = epochsOf(app.lab, id);
  await expect.poll(() => epochsOf(app.lab, id), { timeout: 60_000 }).toBeGreaterThan(before);
  expect(await asked()).toBe(1);
  const ended = new Promise((resolve) => app.process.once('exit', resolve));
  await app.electron.evaluate(({ app: electronApp }) => electronApp.quit());
  await ended;
  const record = JSON.parse(readFileSync(join(app.lab, 'runs', id, 'run.json'), 'utf8')) as {
    status: string;
    checkpoints: { step: number; epoch: number }[];
  };
  expect(record.status).toBe('stopped');
  const last = record.checkpoints.at(-1)!;
  expect(last.step).toBe(last.epoch * 469);
});
