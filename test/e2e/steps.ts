/** What a person does in the window, and what stands in the lab folder to check it by. */
import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page, TestInfo } from '@playwright/test';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '../../src-core/contract/run';
import { loadMnist, mnistFolder } from '../../src-core/data/mnist';
import { parseNpy } from '../../src-core/data/npy';
import type { App } from './app';
import { expect } from './app';

/** Settings by the labels of their fields. */
export type Settings = Readonly<Record<string, string>>;

/** A fifth of the training set and a small network: an epoch of a fraction of a second. */
export const SMALL: Settings = { Hidden: '64', Share: '0.2' };

function settingsForm(page: Page): Locator {
  return page.getByRole('form', { name: 'Settings of the run' });
}

export function field(page: Page, label: string): Locator {
  return settingsForm(page).getByLabel(label, { exact: true });
}

export function view(page: Page, name: 'Data' | 'Train' | 'Inspect' | 'Compare' | 'Paper'): Locator {
  return page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name });
}

export function runList(page: Page): Locator {
  return page.getByRole('grid', { name: 'Runs' });
}

/** A run in the sidebar, by its name. */
export function runInList(page: Page, name: string): Locator {
  return runList(page).getByRole('row', { name });
}

/** Opens the form with a preset, whose settings are changed. */
export async function prepareRun(page: Page, preset: string, settings: Settings): Promise<void> {
  await view(page, 'Train').click();
  const another = page.getByRole('main').getByRole('button', { name: 'New run' });
  const presets = page.getByRole('navigation', { name: 'Presets' });
  await expect(another.or(presets).first()).toBeVisible();
  if (await another.isVisible()) await another.click();
  await presets.getByRole('button', { name: new RegExp(`^${preset} `) }).click();
  for (const [label, text] of Object.entries(settings)) await field(page, label).fill(text);
}

export async function start(page: Page): Promise<void> {
  await page
    .getByRole('main')
    .getByRole('button', { name: /^Start/ })
    .click();
  await expect(page.getByRole('main').getByRole('button', { name: 'Clone' })).toBeVisible();
}

/** Waits until the run that is shown has come to its end. */
export async function untilDone(page: Page): Promise<void> {
  await expect(page.getByRole('main').getByText(/^epoch \d+ of \d+ · done$/)).toBeVisible({ timeout: 90_000 });
}

export async function train(page: Page, preset: string, settings: Settings): Promise<void> {
  await prepareRun(page, preset, settings);
  await start(page);
  await untilDone(page);
}

/** The steps taken so far by the run that is shown. */
export async function stepsShown(page: Page): Promise<number> {
  const text = (await page.getByText(/· step [\d,]+ of/).textContent()) ?? '';
  return Number(/step ([\d,]+) of/.exec(text)![1]!.replaceAll(',', ''));
}

/** The steps of a run that was just paused, once the last of them has been told: its button is quicker than they. */
export async function stepsHeld(page: Page): Promise<number> {
  for (let before = -1; ;) {
    const now = await stepsShown(page);
    if (now === before) return now;
    before = now;
    await page.waitForTimeout(500);
  }
}

/** Whether something other than one colour is drawn. */
export async function isDrawn(canvas: Locator): Promise<boolean> {
  return canvas.evaluate((element: HTMLCanvasElement) => {
    const { data } = element.getContext('2d')!.getImageData(0, 0, element.width, element.height);
    const pixels = new Uint32Array(data.buffer);
    return pixels.some((pixel) => pixel !== pixels[0]);
  });
}

/** Clicks a menu entry, as its shortcut would. */
export async function menu(app: App, label: string): Promise<void> {
  await app.electron.evaluate(({ Menu }, wanted) => {
    for (const { submenu } of Menu.getApplicationMenu()!.items) {
      submenu?.items.find((item) => item.label === wanted)?.click();
    }
  }, label);
}

/** The files chosen in the next native dialogs. */
export async function answerDialogs(app: App, file: string): Promise<void> {
  await app.electron.evaluate(({ dialog }, path) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: path });
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
  }, file);
}

export function runIds(lab: string): string[] {
  return readdirSync(join(lab, 'runs'))
    .filter((name) => /^\d{4}-/.test(name))
    .sort();
}

export function recordOf(lab: string, id: string): RunRecord {
  return JSON.parse(readFileSync(join(lab, 'runs', id, 'run.json'), 'utf8')) as RunRecord;
}

/** Epochs in a run's metrics.jsonl, in the order of its lines. */
export function epochsOf(lab: string, id: string): number[] {
  const text = readFileSync(join(lab, 'runs', id, 'metrics.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { epoch: number }).epoch);
}

let labels: Uint8Array | undefined;

export function testLabels(): Uint8Array {
  labels ??= loadMnist(mnistFolder()).test.labels;
  return labels;
}

/** Kept test logits of a checkpoint, one row an image. */
export function logitsOf(lab: string, id: string, checkpoint: string): Float32Array[] {
  const file = join(lab, 'runs', id, 'logits', `${checkpoint}-test.npy`);
  const { shape, values } = parseNpy(readFileSync(file), file);
  const classes = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, row) =>
    Float32Array.from(values.subarray(row * classes, (row + 1) * classes)),
  );
}

/** Rows whose largest logit, a bias added, is not that of the label. */
export function wrongRows(rows: readonly Float32Array[], bias: Readonly<Record<number, number>> = {}): number[] {
  const truth = testLabels();
  return [...rows.keys()].filter((row) => {
    const scores = Array.from(rows[row]!, (value, label) => Math.fround(value + Math.fround(bias[label] ?? 0)));
    return scores.indexOf(Math.max(...scores)) !== truth[row];
  });
}

/** The mean over networks of softmax(v/T), in per cent as the window writes it. */
export function perCent(networks: readonly Float32Array[], temperature: number): string[] {
  const shares = networks.map((logits) => {
    const powers = Array.from(logits, (value) => Math.exp((value - Math.max(...logits)) / temperature));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  });
  return shares[0]!.map((_, label) => {
    const sum = shares.reduce((total, share) => total + share[label]!, 0);
    return ((100 * sum) / networks.length).toFixed(1);
  });
}

/** The numbers of a column in the table of a digit: probabilities and logits of teacher and student by turns. */
export function digitColumn(page: Page, column: number): Promise<string[]> {
  const table = page.getByRole('region', { name: 'Which digit and why' }).getByRole('table');
  return table.locator(`tbody td.number:nth-of-type(${column})`).allTextContents();
}

/**
 * What axe finds to be serious or worse in a part of the page as it stands, in both themes.
 * @param part a selector
 */
export async function seriousViolations(page: Page, where: string, part: string): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // Legacy: the other mode opens a page of its own, which Electron has not.
    const axe = new AxeBuilder({ page }).include(part).setLegacyMode(true);
    // Colours are all that a theme changes.
    if (colorScheme === 'dark') axe.withRules('color-contrast');
    const { violations } = await axe.analyze();
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      found.push(`${where}, ${colorScheme}: ${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
    }
  }
  await page.emulateMedia({ colorScheme: null });
  return found;
}

/** Presses Tab (or Shift+Tab) until something is focused; fails when it is not reached, or a focus cannot be seen. */
export async function tabTo(page: Page, target: Locator, key = 'Tab', most = 120): Promise<void> {
  for (let presses = 0; presses <= most; presses++) {
    if (presses > 0) await page.keyboard.press(key);
    const now = await target.evaluate((element) => {
      const focused = document.activeElement as HTMLElement | null;
      // Past the last control the focus leaves the page for a moment.
      if (!focused || focused === document.body) return undefined;
      const { width, top, right, bottom, left } = focused.getBoundingClientRect();
      const inside = width > 0 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
      const { outlineStyle, outlineWidth } = getComputedStyle(focused);
      return {
        reached: focused === element,
        name: (focused.getAttribute('aria-label') ?? focused.textContent ?? '').trim().slice(0, 60),
        visible: inside && outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0,
      };
    });
    if (now && presses > 0) expect(now.visible, `the focus on “${now.name}” can be seen`).toBe(true);
    if (now?.reached) return;
  }
  throw new Error(`${most} presses of ${key} did not lead to ${target.toString()}`);
}

/** Keeps a screenshot and the trace of an application that several tests share. */
export async function keepFailure(app: App, info: TestInfo): Promise<void> {
  if (info.status === info.expectedStatus) return;
  await app.page.screenshot({ path: info.outputPath('window.png') }).catch(() => undefined);
  const { tracing } = app.electron.context();
  await tracing.stop({ path: info.outputPath('trace.zip') }).catch(() => undefined);
}
