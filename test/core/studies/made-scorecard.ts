/** A scorecard with a bit of everything, made by hand: what its page and its Markdown are tested on. */
import type { ClaimResult, Picture, Scorecard } from '../../../src-core/contract/scorecard';
import { judgeFewer, judgeFigure } from '../../../src-core/evaluation/verdict';

const seeds = (...values: number[]) => values.map((value, at) => ({ seed: at + 1, run: `000${at + 1}-run`, value }));

const EPOCHS = Array.from({ length: 40 }, (_, at) => at + 1);

export const PICTURES: readonly Picture[] = [
  {
    kind: 'map',
    title: 'errors by temperature and units',
    rows: { label: 'units', values: [30, 300] },
    columns: { label: 'T', values: [1, 2.5, 20] },
    unit: 'test errors',
    cells: [
      { row: 0, column: 0, mean: 391, runs: ['0001-map'] },
      { row: 0, column: 1, mean: 287.5, deviation: 6.3, runs: ['0002-map', '0003-map'] },
      { row: 1, column: 2, mean: 98, runs: ['0004-map'] },
    ],
  },
  {
    kind: 'lines',
    title: 'errors over the bias',
    x: 'bias',
    y: 'test errors',
    logY: true,
    series: Array.from({ length: 5 }, (_, line) => ({
      name: `seed ${line + 1}`,
      points: EPOCHS.map((x) => ({ x: x / 4, y: 100 + line + (x - 20) ** 2, deviation: 5 })),
    })),
    marks: [
      { x: 4.9, label: 'by frequencies' },
      { x: 5, label: 'on validation', selectedOn: 'validation' },
      { x: 5.1, label: 'on test', selectedOn: 'test' },
    ],
  },
  {
    kind: 'bars',
    title: 'errors on the digit not seen',
    y: '% of its images',
    categories: ['0', '1', '2'],
    series: [
      { name: 'as trained', values: [12.5, undefined, 0] },
      { name: 'corrected', values: [3.75, 1.5, undefined] },
    ],
  },
  {
    kind: 'matrices',
    title: 'the 1 that was never seen',
    run: '0005-no-1',
    classes: 2,
    frames: EPOCHS.map((epoch) => ({ epoch, matrix: [90, 10, 100 - epoch, epoch] })),
  },
];

/** A claim with nothing in it but what is given. */
export function claim(changes: Partial<ClaimResult> = {}): ClaimResult {
  return {
    id: 'student',
    section: 'Teacher and student',
    title: 'The student',
    statement: 'It made 74 errors.',
    notes: [],
    figures: [],
    relations: [],
    pictures: [],
    cells: [],
    apart: [],
    ...changes,
  };
}

export function scorecard(claims: readonly ClaimResult[], changes: Partial<Scorecard> = {}): Scorecard {
  return {
    study: 'paper-section-3',
    scale: 'hours',
    name: 'paper-section-3-hours',
    method: 2,
    createdAt: '2026-11-25T04:05:06.000Z',
    command: 'npm run lab -- reproduce paper-section-3 --scale hours',
    seeds: [1, 2, 3],
    trainingSeconds: 14_700,
    environments: ['Distill Lab 0.1.0; TensorFlow 2.21.0 on CPU'],
    claims,
    ...changes,
  };
}

const asked = { unit: 'errors', total: 10_000 } as const;
const [student, baseline] = [seeds(71, 78, 76), seeds(140, 151, 149)];

export const MADE = scorecard([
  claim({
    notes: ['Soft weight 0.9.'],
    figures: [
      judgeFigure({ label: 'student', ...asked, published: { paper: 74 } }, student),
      judgeFigure({ label: 'baseline', ...asked, published: { paper: 146, blog: 141 } }, baseline),
      judgeFigure({ label: 'corrected on test', ...asked, published: {}, selectedOn: 'test' }, seeds(70)),
      judgeFigure({ label: 'corrected on validation', ...asked, published: {}, selectedOn: 'validation' }, seeds(73)),
      judgeFigure({ label: 'with two classes', unit: '%', total: 10_000, published: { paper: 47.3 } }, seeds(46.12)),
      judgeFigure({ label: 'parameters', unit: '', published: {} }, seeds(1_276_810, 1_276_810)),
      judgeFigure({ label: 'not begun', ...asked, published: { blog: 52 } }, []),
      judgeFigure({ label: 'a cell of the map', ...asked, published: {}, detail: true }, seeds(391)),
    ],
    relations: [judgeFewer('Fewer errors than the baseline', student, baseline)],
    pictures: PICTURES,
    cells: [
      { key: 'student seed=1', group: 'student', seed: 1, state: 'finished', run: '0001-run', epoch: 5, epochs: 5 },
      { key: 'student seed=2', group: 'student', seed: 2, state: 'running', run: '0002-run', epoch: 3, epochs: 5 },
      { key: 'student seed=3', group: 'student', seed: 3, state: 'waiting', epoch: 0, epochs: 5 },
      {
        key: 'baseline seed=1',
        group: 'baseline',
        seed: 1,
        state: 'failed',
        failure: 'The loss is not finite.',
        epoch: 0,
        epochs: 5,
      },
    ],
    apart: [{ run: '0009-old', group: 'student', seed: 1, method: 1, testErrors: 88 }],
  }),
  claim({ id: 'other', section: 'Beyond the paper', title: 'Another' }),
]);
