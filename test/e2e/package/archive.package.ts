/** The archive of `npm run dist`, unpacked and used on a machine that has nothing but it. */
import { _electron, expect, test } from '@playwright/test';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordOf, runIds, train, view } from '../steps';

const archive = process.env['DISTILL_LAB_ARCHIVE'] ?? '';
let folder: string;
let application: string;

/** Neither Node nor Python, nor any other program, nor the user's own folder. */
function bareEnvironment(): Record<string, string> {
  const empty = join(folder, 'empty');
  mkdirSync(empty, { recursive: true });
  return { PATH: empty, HOME: join(folder, 'home'), DISPLAY: process.env['DISPLAY'] ?? '' };
}

/** What its fuses say, read out of the executable; with changes: written first. */
function fuses(changes: readonly string[] = []): string {
  const program = ['node_modules/@electron/fuses/dist/bin.js', changes.length > 0 ? 'write' : 'read'];
  const app = join(application, 'distill-lab');
  const env = { ...process.env, FORCE_COLOR: '0' };
  return execFileSync(process.execPath, [...program, '--app', app, ...changes], { encoding: 'utf8', env });
}

test.beforeAll(() => {
  if (!existsSync(archive)) throw new Error('Run this with `npm run dist`, which makes the archive.');
  folder = mkdtempSync(join(tmpdir(), 'distill-lab-package-'));
  mkdirSync(join(folder, 'home'));
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  const name = readdirSync(folder).find((entry) => entry.startsWith('distill-lab-'));
  application = join(folder, name!);
});

test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('cannot be made to run as Node, to be inspected or to load another application', () => {
  const wire = fuses();
  expect(wire).toContain('RunAsNode is Disabled');
  expect(wire).toContain('EnableNodeOptionsEnvironmentVariable is Disabled');
  expect(wire).toContain('EnableNodeCliInspectArguments is Disabled');
  expect(wire).toContain('OnlyLoadAppFromAsar is Enabled');
});

test('trains on native TensorFlow with nothing else on the machine', async () => {
  // The inspector is how this test clicks: of this copy alone its fuse is opened.
  fuses(['EnableNodeCliInspectArguments=on']);
  const lab = join(folder, 'lab');
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const electron = await _electron.launch({
    executablePath: join(application, 'distill-lab'),
    args: [...sandbox, `--lab=${lab}`],
    env: bareEnvironment(),
  });
  try {
    const page = await electron.firstWindow();
    await expect(page.getByText(/TensorFlow 2\.\d+/).first()).toBeVisible();
    await view(page, 'Data').click();
    await expect(page.getByText('60,000').first()).toBeVisible();
    await train(page, 'baseline 800', { Hidden: '64', Share: '0.2', Epochs: '2' });
    const [id] = runIds(lab);
    const run = recordOf(lab, id!);
    expect(run.status).toBe('finished');
    expect(run.environment.tensorflow).toMatch(/^2\.\d+/);
    expect(run.checkpoints.at(-1)!.testErrors).toBeLessThan(3000);
    await page.screenshot({ path: test.info().outputPath('trained.png') });
  } finally {
    electron.process().kill('SIGKILL');
  }
});

test('holds the licences of what it ships', () => {
  const texts = readFileSync(join(application, 'LICENCES.txt'), 'utf8');
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-core', 'vue', 'chart.js', 'pinia', 'valibot']) {
    expect(texts).toMatch(new RegExp(`^${name} \\d`, 'm'));
  }
  expect(readFileSync(join(application, 'LICENCES-tensorflow.txt'), 'utf8')).toContain('Apache License');
  expect(existsSync(join(application, 'LICENSES.chromium.html'))).toBe(true);
});
