/**
 * How many processes should train at once: `npm run bench -- workers` gives the steps a second of one training with all
 * cores against one training a core, by the width of the net, in turn and in one sitting.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseRunSpec } from '../src-core/contract/spec';
import type { RunSpecInput } from '../src-core/contract/spec';
import { loadMnist, mnistFolder } from '../src-core/data/mnist';
import { selectTransferSet } from '../src-core/data/transfer-set';
import { findPreset } from '../src-core/experiments/presets';
import { Training } from '../src-core/training/train';
import type { Figure } from './figures';
import { median, say, tell } from './figures';

const SECONDS = 6;
const ROUNDS = 3;
const WIDTHS = [30, 100, 300, 800];

function specOf(name: string): RunSpecInput {
  if (name === 'teacher') return findPreset('fast-teacher').spec;
  if (name === 'cnn') return findPreset('fast-cnn').spec;
  const width = Number(name);
  return { ...findPreset('fast-baseline').spec, model: { kind: 'mlp', hidden: [width, width] } };
}

/** In a process of its own: trains a net for some seconds when it is told to, and says how many steps that were. */
async function work(name: string): Promise<void> {
  const dataset = loadMnist(mnistFolder());
  const spec = parseRunSpec(specOf(name));
  const training = new Training(spec, dataset, selectTransferSet(dataset, spec.data), []);
  const events = training.train();
  for (let step = 0; step < 20; step++) await events.next();
  process.on('message', () => {
    void (async () => {
      const start = performance.now();
      let steps = 0;
      while (performance.now() - start < 1000 * SECONDS) {
        await events.next();
        steps += 1;
      }
      training.losses();
      process.send!((1000 * steps) / (performance.now() - start));
    })();
  });
  process.on('disconnect', () => process.exit());
  process.send!('ready');
}

class Crew {
  private readonly children;

  constructor(name: string, count: number, threads: number) {
    const env = { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads), TF_NUM_INTEROP_THREADS: '1' };
    this.children = Array.from({ length: count }, () =>
      fork(fileURLToPath(import.meta.url), ['--work', name], { env, execArgv: process.execArgv }),
    );
  }

  private answers(): Promise<unknown[]> {
    return Promise.all(this.children.map((child) => new Promise<unknown>((resolve) => child.once('message', resolve))));
  }

  async ready(): Promise<void> {
    await this.answers();
  }

  /** @returns steps a second of all together */
  async measure(): Promise<number> {
    const answers = this.answers();
    for (const child of this.children) child.send('go');
    return ((await answers) as number[]).reduce((sum, rate) => sum + rate, 0);
  }

  end(): void {
    for (const child of this.children) child.disconnect();
  }
}

async function bench(): Promise<Figure[]> {
  const cores = availableParallelism();
  const figures: Figure[] = [];
  for (const name of [...WIDTHS.map(String), 'teacher', 'cnn']) {
    const one = new Crew(name, 1, cores);
    await one.ready();
    const many = new Crew(name, cores, 1);
    await many.ready();
    const rates: { one: number; many: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rates.push({ one: await one.measure(), many: await many.measure() });
    }
    one.end();
    many.end();
    const ratio = median(rates.map((rate) => rate.many / rate.one));
    const [alone, together] = [median(rates.map((rate) => rate.one)), median(rates.map((rate) => rate.many))];
    say(
      `${name}: one with ${cores} threads ${alone.toFixed(0)}, ${cores} with one ${together.toFixed(0)} steps a second`,
    );
    figures.push({
      what: `${/\d/.test(name) ? `${name} units` : name}: steps a second of ${cores} trainings with one thread : one with ${cores} (${together.toFixed(0)} : ${alone.toFixed(0)})`,
      value: ratio.toFixed(2),
      target: '',
      met: true,
    });
  }
  return figures;
}

const at = process.argv.indexOf('--work');
if (at >= 0) await work(process.argv[at + 1]!);
else await tell('bench workers', await bench());
