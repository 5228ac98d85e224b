/** The window as such: it opens, it is closed to the outside, and it survives the core's death. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from './app';
import { corePid, corePort, expect, launch, nextPort, quit, test } from './app';

/** All that window.desktop may hold. */
const DESKTOP = ['chooseFolder', 'onCommand', 'openExternal', 'openFile', 'platform', 'saveFile', 'showLog'];

/** Trains long enough to be interrupted. */
const LONG_RUN = {
  model: { kind: 'mlp', hidden: [32] },
  optimiser: { kind: 'momentum', learningRate: 0.05 },
  training: { epochs: 400 },
};

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

/** Epochs recorded in a run's folder. */
function epochsOf(app: App, id: string): number {
  try {
    return readFileSync(join(app.lab, 'runs', id, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean).length;
  } catch {
    return 0;
  }
}

/** Starts a long run and waits for its first epoch. */
async function train(app: App): Promise<string> {
  const core = await corePort(app.page);
  const id = (await core('startRun', LONG_RUN)) as string;
  await expect.poll(() => epochsOf(app, id), { timeout: 60_000 }).toBeGreaterThan(0);
  return id;
}

test('starts the core again after it was killed, and the run can be resumed', async ({ app }) => {
  const { page } = app;
  const id = await train(app);
  const runs = join(app.lab, 'runs');
  const killed = corePid(app);
  const reconnected = nextPort(page);
  process.kill(killed, 'SIGKILL');
  const started = Date.now();
  await reconnected;
  expect(Date.now() - started).toBeLessThan(3000);
  const again = await corePort(page);
  expect(corePid(app)).not.toBe(killed);
  const [run] = (await again('runs')) as { id: string; status: string; epoch: number }[];
  expect(run).toMatchObject({ id, status: 'stopped' });
  const before = epochsOf(app, id);
  await again('resumeRun', id);
  await expect.poll(() => epochsOf(app, id), { timeout: 60_000 }).toBeGreaterThan(before);
  await again('stop', id);
  await expect.poll(async () => ((await again('runs')) as { status: string }[])[0]?.status).toBe('stopped');
  const file = join(app.lab, 'saved.safetensors');
  await again('saveCheckpoint', { run: id, checkpoint: 'last' }, file);
  const loaded = (await again('loadCheckpoint', file)) as string;
  expect(readdirSync(runs)).toContain(loaded);
  await again('deleteRuns', [loaded]);
  expect(readdirSync(runs)).not.toContain(loaded);
  await again('undelete', [loaded]);
  expect(readdirSync(runs)).toContain(loaded);
});

test('after the application was killed, a new one resumes the run', async ({ app, folder }) => {
  const id = await train(app);
  await quit(app);
  const before = epochsOf(app, id);
  const next = await launch(app.lab, folder);
  try {
    const core = await corePort(next.page);
    const status = async () => ((await core('runs')) as { status: string }[])[0]?.status;
    await expect.poll(status).toBe('stopped');
    await core('resumeRun', id);
    await expect.poll(() => epochsOf(next, id), { timeout: 60_000 }).toBeGreaterThan(before);
  } finally {
    await quit(next);
  }
});

test('quitting while training asks once, and finishes the epoch', async ({ app }) => {
  const id = await train(app);
  await app.electron.evaluate(({ dialog, app: electronApp }) => {
    const asked: number[] = [];
    Object.assign(globalThis, { asked });
    dialog.showMessageBox = () => {
      asked.push(1);
      // The first time "Cancel", then "Finish the epoch, then quit".
      return Promise.resolve({ response: asked.length === 1 ? 1 : 0, checkboxChecked: false });
    };
    electronApp.quit();
  });
  await app.page.waitForTimeout(1000);
  const asked = await app.electron.evaluate(() => (globalThis as unknown as { asked: number[] }).asked.length);
  expect(asked).toBe(1);
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
