/** TensorFlow missing or broken: all but training works, the window says what is wrong, and its button mends it. */
import type { Page } from '@playwright/test';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Program } from '../../scripts/electron.mjs';
import { ensureElectron } from '../../scripts/electron.mjs';
import { typescriptProgram } from '../../scripts/run-lab.mjs';
import { createContext } from '../../scripts/tensorflow.mjs';
import type { App } from './app';
import { expect, launch, quit, test } from './app';
import {
  answerDialogs,
  isDrawn,
  keepFailure,
  logitsOf,
  runIds,
  runInList,
  seriousViolations,
  SMALL,
  train,
  view,
  wrongRows,
} from './steps';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cacheHome = dirname(createContext().cacheFolder);

interface Checkout {
  readonly folder: string;
  readonly binding: string;
  readonly program: Program;
}

/**
 * The built application in a checkout of its own. Its packages are links to this one's, but for the one that holds
 * TensorFlow's binding: that is a copy, and can be broken without harm.
 */
async function otherCheckout(folder: string): Promise<Checkout> {
  for (const part of ['out/main', 'out/preload', 'out/renderer', 'scripts', 'package.json', 'package-lock.json']) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  const modules = join(root, 'node_modules');
  const own = join('@tensorflow', 'tfjs-node-gpu');
  mkdirSync(join(folder, 'node_modules', '@tensorflow'), { recursive: true });
  const names = [
    ...readdirSync(modules),
    ...readdirSync(join(modules, '@tensorflow')).map((name) => `@tensorflow/${name}`),
  ];
  for (const name of names) {
    const [from, to] = [join(modules, name), join(folder, 'node_modules', name)];
    if (name === '@tensorflow') continue;
    if (join(name) === own || statSync(from).isFile()) cpSync(from, to, { recursive: true });
    else symlinkSync(from, to);
  }
  const context = createContext({ projectRoot: `${folder}/` });
  return {
    folder,
    binding: join(folder, 'node_modules', own, 'lib', 'napi-v8', 'tfjs_binding.node'),
    program: await ensureElectron(context),
  };
}

/** A small trained run, made in the terminal. */
function trainInTerminal(lab: string, name: string, hidden: number): void {
  const env = { ...process.env };
  const node = typescriptProgram(join(root, 'src-core', 'cli.ts'), env);
  const settings = [`model.hidden=[${hidden}]`, 'data.share=0.1', 'model.dropout=[]'].flatMap((text) => [
    '--set',
    text,
  ]);
  const args = ['train', 'fast-baseline', '--lab', lab, '--name', name, '--epochs', '2', ...settings];
  execFileSync(process.execPath, [...node, ...args], { env, stdio: 'ignore' });
}

function panel(page: Page) {
  return page.getByRole('region', { name: 'Without TensorFlow nothing can be trained' });
}

async function lookAround(app: App): Promise<void> {
  const { page, lab } = app;
  const [first] = runIds(lab);
  const main = page.getByRole('main');

  await view(page, 'Data').click();
  await expect.poll(() => isDrawn(main.locator('canvas').first())).toBe(true);

  await runInList(page, 'narrow').click();
  await view(page, 'Inspect').click();
  const wrong = wrongRows(logitsOf(lab, first!, 'epoch-0002'));
  await expect(main.getByText(`(${wrong.length} wrong out of 10000)`)).toBeVisible();
  const folder = join(lab, '..', 'exported');
  mkdirSync(folder);
  await answerDialogs(app, folder);
  for (const label of ['Curves and predictions as CSV…', 'Weights as NPZ…', 'Report (HTML)']) {
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('menuitem', { name: label }).click();
    await expect(page.getByText(/^(Saved|Report written to) /).last()).toBeVisible();
  }
  await expect.poll(() => readdirSync(folder).length).toBe(3);
  await expect.poll(() => existsSync(join(lab, 'reports', 'runs-1.html'))).toBe(true);

  await view(page, 'Compare').click();
  for (const name of ['narrow', 'wide']) await main.getByRole('checkbox', { name: new RegExp(`^${name}`) }).check();
  await expect(main.getByText(/exact McNemar test/)).toBeVisible();

  await runInList(page, 'narrow').hover();
  await page.getByRole('button', { name: 'Actions for narrow' }).click();
  await page.getByRole('menuitem', { name: /^Rename/ }).click();
  await page.getByRole('textbox', { name: /^Name/ }).fill('slender');
  await page.keyboard.press('Enter');
  await expect(runInList(page, 'slender')).toBeVisible();
}

let other: string;
// Beside the test's folder: its runtime holds a link to the checkout itself, in which a listing would go round and round.
test.beforeEach(() => void (other = mkdtempSync(join(tmpdir(), 'distill-lab-checkout-'))));
test.afterEach(() => rmSync(other, { recursive: true, force: true, maxRetries: 10 }));

test('a binding that ends the core: all but training works, and the button mends it', async ({ folder }, info) => {
  const lab = join(folder, 'lab');
  trainInTerminal(lab, 'narrow', 8);
  trainInTerminal(lab, 'wide', 32);
  const { binding, program } = await otherCheckout(other);
  truncateSync(binding, 100_000);
  const file = join(folder, 'a file');
  writeFileSync(file, '');
  // No cache can be made below a file: the first attempt fails.
  const app = await launch(lab, folder, { XDG_CACHE_HOME: file }, program);
  try {
    const { page } = app;
    await app.electron.context().tracing.start({ screenshots: true, snapshots: true });
    await expect(panel(page)).toContainText('TensorFlow does not load');
    await expect(panel(page).getByText('node scripts/setup.mjs')).toHaveCount(1);
    await expect(page.getByRole('main').getByRole('button', { name: 'Start' })).toBeDisabled();
    await lookAround(app);

    await page
      .getByRole('contentinfo', { name: 'Status' })
      .getByRole('button', { name: /TensorFlow is missing/ })
      .click();
    await expect(panel(page).getByRole('heading')).toBeFocused();
    await panel(page).getByRole('button', { name: 'Set up TensorFlow' }).click();
    await expect(panel(page).getByRole('alert')).toContainText(/Set-up stopped: .*a file.* cannot be written/);
    await expect(panel(page).getByRole('alert')).toContainText('What to do: ');
    expect(await seriousViolations(page, 'the panel', '[aria-labelledby=tensorflow-panel]')).toEqual([]);

    await app.electron.evaluate((_, home) => void (process.env['XDG_CACHE_HOME'] = home), cacheHome);
    await panel(page).getByRole('button', { name: 'Set up TensorFlow' }).click();
    await expect(panel(page)).toBeHidden({ timeout: 100_000 });
    await expect(page.getByText(/TensorFlow 2\.\d+/)).toBeVisible();
    await train(page, 'baseline 800', { ...SMALL, Epochs: '1' });
  } finally {
    await keepFailure(app, info);
    await quit(app);
  }
});

test('an application without set-up says so, and has no button', async ({ folder }, info) => {
  const checkout = await otherCheckout(other);
  rmSync(join(checkout.folder, 'scripts'), { recursive: true });
  rmSync(checkout.binding);
  const app = await launch(join(folder, 'lab'), folder, {}, checkout.program);
  try {
    await expect(panel(app.page)).toContainText('This application cannot set TensorFlow up by itself');
    await expect(panel(app.page).getByText('The TensorFlow binding is not in node_modules')).toBeVisible();
    await expect(panel(app.page).getByRole('button')).toHaveCount(0);
  } finally {
    await keepFailure(app, info);
    await quit(app);
  }
});
