/**
 * `npm run bench -- window`: the built application with the real core. Steps in the window and in the terminal are
 * taken in turn, in one sitting, so that a machine whose speed drifts divides out.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EpochRecord, RunEvent, RunRecord } from '../src-core/contract/run';
import type { RunSpecInput } from '../src-core/contract/spec';
import { Core } from '../src-core/core-functions';
import { findPreset } from '../src-core/experiments/presets';
import { RunStore } from '../src-core/experiments/run-store';
import type { App } from '../test/e2e/app';
import { launch, quit } from '../test/e2e/app';
import type { CorePort } from './core-port';
import { corePort, TENSORFLOW } from './core-port';
import type { Figure } from './figures';
import { median, quantile, say, tell, upTo } from './figures';
import type { Frames } from './frames';
import { recordFrames } from './frames';

const RUNS = 1000;
/** An hour at 20 messages a second. */
const MESSAGES = 72_000;
/** Between two frames come so many of them, many more than the core sends: an hour passes in minutes. */
const MESSAGES_A_FRAME = 30;
const EPOCHS_AN_HOUR = 400;
const SIZE = { width: 1440, height: 900 };

/** `--only=memory,runs`: some of its parts. */
const only = process.argv
  .find((arg) => arg.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',');
const wanted = (part: 'launch' | 'steps' | 'frames' | 'memory' | 'runs'): boolean => only?.includes(part) ?? true;
const quick = process.argv.includes('--quick');
const rounds = quick ? 2 : 5;
const messages = quick ? MESSAGES / 4 : MESSAGES;
const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'distill-lab-bench-'));

const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;

async function open(lab: string): Promise<{ app: App; core: CorePort }> {
  const app = await launch(lab, home);
  await app.electron.evaluate(({ BrowserWindow }, { width, height }) => {
    BrowserWindow.getAllWindows()[0]!.setContentSize(width, height);
  }, SIZE);
  return { app, core: await corePort(app.page) };
}

async function show({ page }: App, view: 'Data' | 'Train' | 'Inspect'): Promise<void> {
  await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: view }).click();
}

/**
 * From the moment when the program is started: to the first view that takes clicks, and to a core that has TensorFlow.
 * The driver's own connection to the program is in both.
 */
async function launches(lab: string): Promise<Figure[]> {
  const usable: number[] = [];
  const ready: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const app = await launch(lab, home);
    await show(app, 'Train');
    await app.page.getByRole('heading', { level: 1 }).first().waitFor();
    usable.push((performance.now() - start) / 1000);
    await app.page.getByText(TENSORFLOW).first().waitFor();
    ready.push((performance.now() - start) / 1000);
    await quit(app);
  }
  const seconds = (value: number): string => `${value.toFixed(2)} s`;
  say(`Launches: usable after ${usable.map(seconds).join(', ')}; core ready after ${ready.map(seconds).join(', ')}`);
  return [
    upTo('launch to a usable window', median(usable), 2, seconds),
    upTo('launch to a core with TensorFlow', median(ready), 5, seconds),
  ];
}

/** Waits until something in a file, or anywhere, is true. */
async function until(done: () => boolean | Promise<boolean>, every = 5): Promise<void> {
  while (!(await done())) await wait(every);
}

function epochsOf(lab: string, id: string): number {
  const file = join(lab, 'runs', id, 'metrics.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}

async function choose({ page }: App, id: string): Promise<void> {
  await page.getByRole('searchbox', { name: 'Search runs' }).fill(id);
  await page.getByRole('grid', { name: 'Runs' }).getByRole('row').first().getByRole('gridcell').first().click();
  await page.getByRole('searchbox', { name: 'Search runs' }).fill('');
}

/** One epoch to warm up and one that counts; evaluated at the end alone. */
const STEP_SPEC: RunSpecInput = {
  ...findPreset('fast-teacher').spec,
  data: { ...findPreset('fast-teacher').spec.data, share: quick ? 0.25 : 1 },
  training: { ...findPreset('fast-teacher').spec.training, epochs: 3, evaluateEvery: 3 },
};

/** @returns seconds from the first epoch's record to the second's: steps, messages, and a checkpoint */
async function secondEpoch(lab: string, id: () => string | undefined): Promise<number> {
  const recorded = (count: number) => () => {
    const run = id();
    return run !== undefined && epochsOf(lab, run) >= count;
  };
  await until(recorded(1), 20);
  const start = performance.now();
  await until(recorded(2), 20);
  return (performance.now() - start) / 1000;
}

async function inWindow(app: App, core: CorePort): Promise<number> {
  const id = (await core('startRun', STEP_SPEC)) as string;
  await choose(app, id);
  const seconds = await secondEpoch(app.lab, () => id);
  await until(async () => ((await core('run', id)) as { status: string }).status === 'finished', 200);
  return seconds;
}

async function inTerminal(lab: string): Promise<number> {
  const spec = join(home, 'spec.json');
  writeFileSync(spec, JSON.stringify(STEP_SPEC));
  const before = new RunStore(lab).ids().at(-1);
  const train = ['train', spec, '--lab', lab];
  const child = spawn(process.execPath, [join(root, 'scripts/lab.mjs'), ...train], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const seconds = await secondEpoch(lab, () => {
    const last = new RunStore(lab).ids().at(-1);
    return last === before ? undefined : last;
  });
  await ended;
  return seconds;
}

async function steps(app: App, core: CorePort): Promise<Figure> {
  const lab = join(home, 'terminal');
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    // Whichever is first in a round is second in the next.
    const order = round % 2 === 1 ? ['window', 'terminal'] : ['terminal', 'window'];
    const seconds: Record<string, number> = {};
    for (const where of order) {
      seconds[where] = where === 'window' ? await inWindow(app, core) : await inTerminal(lab);
    }
    ratios.push(seconds['window']! / seconds['terminal']!);
    say(
      `Round ${round} of ${rounds}: an epoch in the window ${seconds['window']!.toFixed(2)} s, in the terminal ${seconds['terminal']!.toFixed(2)} s`,
    );
  }
  return upTo('an epoch in the window : in the terminal', median(ratios), 1.05, (value) => value.toFixed(2));
}

function frameFigures(what: string, { busy, own, interval }: Frames): Figure[] {
  say(
    `${what}: ${busy.length} frames, main thread ${median(busy).toFixed(1)} ms (median), ${quantile(busy, 0.95).toFixed(1)} (95 %), ${Math.max(...busy).toFixed(1)} (longest), its own time ${quantile(own, 0.95).toFixed(1)} (95 %); from frame to frame ${median(interval).toFixed(1)} and ${quantile(interval, 0.95).toFixed(1)} ms`,
  );
  return [upTo(`frame while ${what}, 95th percentile`, quantile(busy, 0.95), 16, milliseconds)];
}

async function drag({ page }: App, name: RegExp, seconds: number): Promise<void> {
  const thumb = page.getByRole('slider', { name }).first();
  await thumb.scrollIntoViewIfNeeded();
  const box = (await thumb.boundingBox())!;
  const y = box.y + box.height / 2;
  const left = box.x + box.width / 2;
  await page.mouse.move(left, y);
  await page.mouse.down();
  const end = performance.now() + 1000 * seconds;
  for (let at = 0; performance.now() < end; at++) {
    await page.mouse.move(left + 40 * Math.sin(at / 12), y);
    await wait(8);
  }
  await page.mouse.up();
}

async function frames(app: App, core: CorePort, teacher: string): Promise<Figure[]> {
  const { page } = app;
  const seconds = quick ? 3 : 8;
  const student = findPreset('fast-student').spec;
  const objective = { ...student.objective!, teachers: [teacher] } as NonNullable<RunSpecInput['objective']>;
  const training = { ...student.training, epochs: 200 };
  const live = (await core('startRun', { ...student, objective, training })) as string;
  await show(app, 'Train');
  await choose(app, live);
  await until(() => epochsOf(app.lab, live) >= 2, 200);
  const figures = frameFigures('training', await recordFrames(app, () => wait(1000 * 2 * seconds)));
  await core('stop', live);
  await until(async () => ((await core('run', live)) as { status: string }).status === 'stopped', 200);

  await show(app, 'Data');
  const grid = page.getByRole('group', { name: /digits|images/ }).first();
  await grid.waitFor();
  const box = (await grid.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const scrolled = await recordFrames(app, async () => {
    const end = performance.now() + 1000 * seconds;
    while (performance.now() < end) {
      await page.mouse.wheel(0, 300);
      await wait(12);
    }
  });
  figures.push(...frameFigures('scrolling 60,000 digits', scrolled));

  await choose(app, live);
  await show(app, 'Inspect');
  const cells = page.getByRole('grid', { name: /Confusion matrix/ }).locator('[data-cell]');
  await cells.first().waitFor();
  await wait(1000);
  const counts = (await cells.allTextContents()).map((text) => Number(text) || 0);
  await cells.nth(counts.indexOf(Math.max(...counts))).click();
  await page.getByRole('tab', { name: 'Digit' }).click();
  figures.push(...frameFigures('dragging T', await recordFrames(app, () => drag(app, /Temperature/, seconds))));
  await page.getByRole('button', { name: 'All errors' }).click();
  await page.getByRole('tab', { name: 'Bias' }).click();
  figures.push(
    ...frameFigures('dragging a bias', await recordFrames(app, () => drag(app, /Bias of class 3/, seconds))),
  );
  return figures;
}

/**
 * An hour-long run's messages as quickly as the window takes them: it is handed a port whose other end passes its calls
 * on to the real core and sends the messages, each once the last is dealt with, as the core does.
 */
async function memory(app: App, id: string): Promise<Figure> {
  const { page, electron } = app;
  await show(app, 'Train');
  await choose(app, id);
  await page.evaluate(`(() => {
    // The port that this program asks the real core through.
    const core = window.benchCore;
    const { port1, port2 } = new MessageChannel();
    const waiting = new Map();
    let next = 0;
    port1.onmessage = async ({ data }) => {
      if (data.t === 's') {
        const answered = waiting.get(data.i);
        waiting.delete(data.i);
        return answered?.();
      }
      const r = await core(data.m, data.a).catch(() => undefined);
      if (data.i) port1.postMessage({ t: 's', i: data.i, r });
    };
    window.benchTell = (m, a) => new Promise((resolve) => {
      const i = 'bench' + next++;
      waiting.set(i, resolve);
      port1.postMessage({ t: 'q', i, m, a });
    });
    window.postMessage({ type: 'core-port' }, '*', [port2]);
  })()`);
  await wait(2000);
  const steps = EPOCHS_AN_HOUR * 469;
  const each = messages / EPOCHS_AN_HOUR;
  const used = (): Promise<number> =>
    electron.evaluate(({ app: electronApp, BrowserWindow }) => {
      const pid = BrowserWindow.getAllWindows()[0]!.webContents.getOSProcessId();
      return electronApp.getAppMetrics().find((metric) => metric.pid === pid)!.memory.workingSetSize / 1024;
    });
  let most = await used();
  say(`Memory of the window before: ${most.toFixed(0)} MB`);
  const started = performance.now();
  for (let epoch = 1; epoch <= EPOCHS_AN_HOUR; epoch++) {
    const progress: RunEvent = {
      type: 'progress',
      run: id,
      epoch,
      epochs: EPOCHS_AN_HOUR,
      step: 0,
      totalSteps: steps,
      loss: 0,
      learningRate: 0.05,
      stepMilliseconds: 7,
      imagesPerSecond: 18_000,
      secondsLeft: 100,
    };
    const record: EpochRecord = {
      epoch,
      step: epoch * 469,
      loss: 1 / epoch,
      hardLoss: 1 / epoch,
      learningRate: 0.05,
      testErrors: 100 + Math.round(900 / epoch),
      testLoss: 1 / epoch,
      seconds: 9 * epoch,
      stepMilliseconds: 7,
    };
    await page.evaluate(`(async () => {
      const progress = ${JSON.stringify(progress)};
      const tell = (news) => window.benchTell('news', [{ events: [], evaluated: [], runsChanged: false, ...news }]);
      for (let at = 0; at < ${each}; at++) {
        const step = Math.round((${epoch - 1} + at / ${each}) * 469);
        await tell({ events: [{ ...progress, step, loss: 5 / (1 + step) + 0.1 * Math.random() }] });
        if (at % ${MESSAGES_A_FRAME} === 0) await new Promise(requestAnimationFrame);
      }
      await tell({
        events: [{ type: 'epoch', run: '${id}', record: ${JSON.stringify(record)} }],
        evaluated: [{ run: '${id}', epoch: ${epoch} }],
      });
    })()`);
    if (epoch % 20 === 0) most = Math.max(most, await used());
  }
  say(
    `${messages} messages in ${((performance.now() - started) / 1000).toFixed(0)} s; now ${(await used()).toFixed(0)} MB`,
  );
  return upTo('memory of the window after an hour’s messages, at most', most, 400, (value) => `${value.toFixed(0)} MB`);
}

async function thousandRuns(from: RunRecord, metrics: readonly EpochRecord[]): Promise<Figure[]> {
  const lab = join(home, 'thousand');
  const store = new RunStore(lab);
  say(`Making ${RUNS} run folders …`);
  const lines = metrics.map((record) => `${JSON.stringify(record)}\n`).join('');
  const names = ['teacher 1200', 'baseline 800', 'student 800', 'student 30, T 2.5'];
  for (let number = 1; number <= RUNS; number++) {
    const name = `${names[number % names.length]} ${number}`;
    const id = `${String(number).padStart(4, '0')}-${name.replace(/\W+/g, '-')}`;
    const folder = join(store.runsFolder, id);
    mkdirSync(folder, { recursive: true });
    const spec = { ...from.spec, name, seed: number };
    writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...from, id, spec, status: 'finished' }, null, 2));
    writeFileSync(join(folder, 'metrics.jsonl'), lines);
  }
  const nothing = (): void => {};
  const core = new Core(lab, {
    event: nothing,
    runsChanged: nothing,
    evaluated: nothing,
    busy: nothing,
    tensorflowTried: nothing,
  });
  const functions = core.functions();
  let start = performance.now();
  await functions.runs();
  const first = performance.now() - start;
  start = performance.now();
  await functions.runs();
  const again = performance.now() - start;
  say(`The core lists them in ${milliseconds(first)} the first time, in ${milliseconds(again)} again`);

  const { app } = await open(lab);
  try {
    // From the moment when the page can ask to the frame after the one in which rows stand there.
    await app.page.addInitScript(`
      window.addEventListener('message', ({ data }) => {
        if (data?.type === 'core-port') window.benchAsked ??= performance.now();
      });
      new MutationObserver((_, observer) => {
        if (!document.querySelector('[role=grid] [role=row]')) return;
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => (window.benchListed = performance.now())));
      }).observe(document, { childList: true, subtree: true });
    `);
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      await app.page.reload();
      await until(async () => (await app.page.evaluate('window.benchListed > 0')) === true, 20);
      times.push((await app.page.evaluate('window.benchListed - window.benchAsked')) as number);
    }
    const page = median(times);
    say(`The window asks, and shows them ${milliseconds(page)} later`);
    return [
      upTo('1,000 runs listed, none read before', first - again + page, 300, milliseconds),
      upTo('1,000 runs listed again', page, 300, milliseconds),
    ];
  } finally {
    await quit(app);
  }
}

try {
  const lab = join(home, 'distill-lab');
  const figures: Figure[] = wanted('launch') ? await launches(lab) : [];
  const { app, core } = await open(lab);
  let record: RunRecord;
  let metrics: EpochRecord[];
  try {
    if (wanted('steps')) figures.push(await steps(app, core));
    else await inWindow(app, core);
    const teacher = new RunStore(lab).ids()[0]!;
    record = new RunStore(lab).open(teacher).record;
    metrics = new RunStore(lab).open(teacher).metrics();
    if (wanted('frames')) figures.push(...(await frames(app, core, teacher)));
    if (wanted('memory')) figures.push(await memory(app, teacher));
  } finally {
    await quit(app);
  }
  if (wanted('runs')) figures.push(...(await thousandRuns(record, metrics)));
  await tell('bench-window', figures);
  process.exit();
} finally {
  rmSync(home, { recursive: true, force: true });
}
