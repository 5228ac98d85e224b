/**
 * `npm run bench`: this lab and PyTorch at the same work on the same processor, in turn, in one sitting. Figures are
 * medians over rounds; a ratio is the median of the rounds' ratios, so that a machine whose speed drifts divides out.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseRunSpec } from '../src-core/contract/spec';
import type { RunSpecInput } from '../src-core/contract/spec';
import type { Dataset } from '../src-core/data/dataset';
import { loadMnist, mnistFolder } from '../src-core/data/mnist';
import { selectTransferSet } from '../src-core/data/transfer-set';
import { findPreset } from '../src-core/experiments/presets';
import { Model } from '../src-core/models/model';
import { describeDevice } from '../src-core/tensorflow/engine';
import type { Teacher } from '../src-core/training/teacher-logits';
import { Training } from '../src-core/training/train';
import type { Figure } from './figures';
import { median, say, tell, upTo } from './figures';
import { Peer } from './peer';
import { PythonUnavailable } from '../scripts/python-environment.mjs';
import { ensurePyTorch } from './pytorch-environment.mjs';
import { largestLossDifference } from './same-losses';

const WARM_UP_STEPS = 20;

/** PyTorch's threads spin for a while after their work, on cores that the other side would then not have. */
const REST_MILLISECONDS = 500;

/** The steps of a training, pulled as many at a time as is asked for. */
class Steps {
  private readonly events;

  constructor(private readonly training: Training) {
    this.events = training.train();
  }

  /** @returns milliseconds a step, the reading of the losses included */
  async take(count: number): Promise<number> {
    const start = performance.now();
    for (let taken = 0; taken < count;) {
      const { value, done } = await this.events.next();
      if (done) throw new Error('The training ended before the benchmark did.');
      if (value.type === 'step') taken += 1;
    }
    this.training.losses();
    return (performance.now() - start) / count;
  }
}

function train(dataset: Dataset, input: RunSpecInput, teachers: readonly Teacher[] = []): Training {
  const spec = parseRunSpec(input);
  return new Training(spec, dataset, selectTransferSet(dataset, spec.data), teachers);
}

/** Looks up every image at every shift once, as the first epochs of a jittered student would. */
function fillTeacherTable(training: Training, dataset: Dataset): void {
  const { pixels } = training.spec.data.jitter;
  const all = Int32Array.from(dataset.train.labels.keys());
  for (let shiftY = -pixels; shiftY <= pixels; shiftY++) {
    for (let shiftX = -pixels; shiftX <= pixels; shiftX++) {
      for (let start = 0; start < all.length; start += 128) {
        const positions = all.subarray(start, start + 128);
        const size = positions.length;
        training['teacherLogits']!.forBatch({
          positions,
          size,
          shiftX: new Int8Array(size).fill(shiftX),
          shiftY: new Int8Array(size).fill(shiftY),
        });
      }
    }
  }
}

async function bench(rounds: number, steps: number): Promise<Figure[]> {
  const python = ensurePyTorch();
  const dataset = loadMnist(mnistFolder());
  const peer = new Peer(python, mnistFolder());
  const info = await peer.ask<{ torch: string; threads: number }>({ cmd: 'info' });
  const device = describeDevice();
  say(
    `TensorFlow ${device.tensorflow}, ${device.threads} threads; PyTorch ${info.torch}, ${info.threads} threads; ${device.processor}`,
  );

  const blogTeacher = findPreset('blog-teacher').spec;
  const blogStudent = findPreset('blog-student').spec;
  const teacher: Teacher = {
    model: Model.initialise(parseRunSpec(blogTeacher).model, { side: dataset.side, classes: dataset.classes }, 7),
    normalisation: 'symmetric',
  };

  say('The same weights and batches, 100 steps without dropout …');
  // Smaller rates than the blog's: at 0.01 a change of the weights' last bit alone moves these losses by 9e-4.
  const noDropout: RunSpecInput = {
    ...blogTeacher,
    model: { kind: 'mlp', hidden: [1200, 1200] },
    optimiser: { kind: 'momentum', learningRate: 0.001 },
  };
  const hardDifference = await largestLossDifference(peer, dataset, noDropout, []);
  const batchmean: RunSpecInput = {
    ...blogStudent,
    objective: { kind: 'soft', teachers: ['given'], temperature: 20, softWeight: 0.7 },
    optimiser: { kind: 'momentum', learningRate: 0.0003 },
  };
  const softDifference = await largestLossDifference(peer, dataset, batchmean, [teacher]);

  const ours = train(dataset, blogTeacher);
  const student = train(dataset, blogStudent, [teacher]);
  say('Teacher logits of all 25 shifts of all images …');
  fillTeacherTable(student, dataset);
  const teacherSteps = new Steps(ours);
  const studentSteps = new Steps(student);
  await teacherSteps.take(WARM_UP_STEPS);
  await studentSteps.take(WARM_UP_STEPS);

  const torch = async (what: string, count: number): Promise<number> =>
    (await peer.ask<{ millisecondsPerStep: number }>({ cmd: 'epoch', what, steps: count })).millisecondsPerStep;
  const columns = {
    'lab teacher': () => teacherSteps.take(steps),
    'torch teacher': () => torch('teacher-memory-nn-dropout', steps),
    'torch teacher, our masks': () => torch('teacher-memory', steps),
    'blog loop': () => torch('teacher-blog', Math.ceil(steps / 2)),
    'lab student, cached': () => studentSteps.take(steps),
    'torch student, live': () => torch('student-live-teacher', steps),
  };
  type Column = keyof typeof columns;
  const names = Object.keys(columns) as Column[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Column, number[]>;
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      await setTimeout(REST_MILLISECONDS);
      times[name].push(await columns[name]());
    }
    say(
      `Round ${round} of ${rounds}: ${names.map((name) => `${name} ${times[name].at(-1)!.toFixed(2)}`).join(', ')} ms a step`,
    );
  }
  peer.end();
  ours.dispose();
  student.dispose();
  teacher.model.dispose();

  say('A teacher run of one epoch in a process of its own …');
  const program = [...process.execArgv, fileURLToPath(new URL('one-run.ts', import.meta.url))];
  const { firstStepSeconds, peakBytes } = JSON.parse(
    execFileSync(process.execPath, program, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  ) as { firstStepSeconds: number; peakBytes: number };

  const ratio = (what: string, mine: Column, other: Column, most?: number): Figure => {
    const value = median(times[mine].map((time, round) => time / times[other][round]!));
    return {
      what: `${what} (${median(times[mine]).toFixed(2)} : ${median(times[other]).toFixed(2)} ms)`,
      value: value.toFixed(2),
      target: most === undefined ? '' : `≤ ${most}`,
      met: most === undefined || value <= most,
    };
  };
  return [
    ratio('teacher step : PyTorch, all in memory', 'lab teacher', 'torch teacher', 0.75),
    ratio('teacher step : PyTorch with masks made as ours', 'lab teacher', 'torch teacher, our masks'),
    ratio('teacher step : the blog’s loop', 'lab teacher', 'blog loop', 0.5),
    ratio('student step, cached logits : PyTorch, live teacher', 'lab student, cached', 'torch student, live', 0.55),
    upTo('largest difference of 100 hard losses', hardDifference, 1e-4, (value) => value.toExponential(1)),
    upTo('largest difference of 100 soft losses', softDifference, 1e-4, (value) => value.toExponential(1)),
    upTo('peak memory of a teacher run', peakBytes / 2 ** 30, 1.2, (value) => `${value.toFixed(2)} GiB`),
    upTo('start of the process to first step', firstStepSeconds, 10, (value) => `${value.toFixed(1)} s`),
  ];
}

const quick = process.argv.includes('--quick');
try {
  await tell('bench', await bench(quick ? 3 : 5, quick ? 60 : 469));
} catch (error) {
  if (!(error instanceof PythonUnavailable)) throw error;
  say(error.message);
  process.exitCode = 1;
}
