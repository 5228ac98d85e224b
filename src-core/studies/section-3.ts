/** Section 3 of Hinton, Vinyals and Dean 2015, and what goes beyond it, as one study with its claims. */
import type { Scale } from '../contract/scorecard';
import type { RunSpecInput } from '../contract/spec';
import { parseStudy } from '../contract/study';
import type { Study } from '../contract/study';
import { judgeAlike, judgeBest, judgeFewer } from '../evaluation/verdict';
import type { Claim, ClaimedStudy, Measure, Results } from './claim';
import { TEST_IMAGES, TEST_THREES, errorsFigure, errorsOn, testErrors } from './claim';
import {
  agreementPicture,
  atlasPicture,
  biasPicture,
  divergencePicture,
  economyPicture,
  emergencePicture,
  gradientPicture,
  mapPicture,
} from './pictures';
import type { Recipe } from './recipes';
import { EPOCHS, SEEDS, cnnRecipe, dropoutPaperRecipe, quickRecipe } from './recipes';

const JITTER = { pixels: 2 };
const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const TEACHER_NET = { kind: 'mlp', hidden: [1200, 1200], dropout: [0.2, 0.5, 0.5] } as const;
const without = (digit: number): number[] => DIGITS.filter((other) => other !== digit);

/** Held out of runs that omit classes, for a bias that never saw the test set. */
const VALIDATION = 0.1;

const WIDTHS = [30, 100, 300, 800];
const TEMPERATURES = [1, 2, 2.5, 3, 4, 8, 12, 20, 40];
const SHARES = [0.01, 0.03, 0.1, 0.3, 1];

/** What the smallest scale leaves out, to be done in ten minutes. */
const FEW_WIDTHS = [30, 300];
const FEW_TEMPERATURES = [1, 3, 8, 20];
const FEW_SHARES = [0.01, 0.1];

type GroupSpec = Study['groups'][string];

function mlp(...hidden: number[]): RunSpecInput['model'] {
  return { kind: 'mlp', hidden };
}

function soft(teacher: string, more: object = {}): object {
  return { kind: 'soft', teachers: [teacher], temperature: 20, softWeight: 0.9, ...more };
}

/** A share of 1 % passes ten times as often as the whole set, and so takes a tenth of its steps. */
function economyEpochs(whole: number, share: number): number {
  return Math.round(whole / Math.sqrt(share));
}

/** Images of the whole training set, of which a share is taken class by class. */
const TRAINING_IMAGES = 60_000;

/**
 * The first batch size from 128 up whose last batch of a pass is at least half full. A share of 3 % leaves nine
 * images in the last batch of 128, and a step at the peak rate on nine images makes every student diverge
 * (docs/LOG.md).
 */
function economyBatch(share: number): number {
  const images = Math.round(TRAINING_IMAGES * share);
  let batch = 128;
  while (images % batch !== 0 && images % batch < batch / 2) batch++;
  return batch;
}

function shareName(share: number): string {
  return String(Math.round(1000 * share)).padStart(4, '0');
}

/** The study at a scale. */
function studyOf(scale: Scale): Study {
  const epochs = EPOCHS[scale];
  const { first, others } = SEEDS[scale];
  const few = scale === 'minutes';
  const teacherRecipe = scale === 'full' ? dropoutPaperRecipe(epochs.teacher) : quickRecipe(epochs.teacher, 0.05, 15);
  const student = (passes: number): Recipe => quickRecipe(passes, 0.12);
  // So few steps leave a warm-up of a dozen, after which 0.12 diverges now and then; chosen on validation images.
  const onShares = (passes: number): Recipe => quickRecipe(passes, few ? 0.03 : 0.12);
  const onAtlas = (passes: number): Recipe => quickRecipe(passes, few ? 0.06 : 0.12);
  // One rate for all widths and temperatures, so a cautious one.
  const onMap = (): Recipe => quickRecipe(epochs.map, 0.08);
  const distilled = (objective: object, more: Partial<RunSpecInput> = {}, passes = epochs.student): GroupSpec => ({
    spec: { model: mlp(800, 800), objective, ...student(passes), ...more },
    grid: {},
  });
  const hardRecipe = (passes: number): Recipe => quickRecipe(passes, 0.05);
  const hard = (passes: number, more: Partial<RunSpecInput> = {}): GroupSpec => ({
    spec: { model: mlp(800, 800), ...hardRecipe(passes), ...more },
    grid: {},
  });
  // At the other students' rate its loss is not finite by epoch 7, in every seed; half of it was chosen on validation images.
  const decoupledRecipe = (passes: number): Recipe => quickRecipe(passes, 0.06);
  const omitting = (classes: number[]): Partial<RunSpecInput> => ({ data: { classes, validation: VALIDATION } });
  const ofFirst = (group: GroupSpec): GroupSpec => ({ ...group, seeds: [...first] });
  const economy = Object.fromEntries(
    (few ? FEW_SHARES : SHARES).flatMap((share): [string, GroupSpec][] => {
      const passes = economyEpochs(epochs.economy, share);
      const onShare = (recipe: Recipe): Partial<RunSpecInput> => ({
        ...recipe,
        data: { share },
        training: { ...recipe.training, batchSize: economyBatch(share) },
      });
      return [
        [`economy-hard-${shareName(share)}`, hard(passes, onShare(hardRecipe(passes)))],
        [`economy-soft-${shareName(share)}`, distilled(soft('@teacher'), onShare(onShares(passes)), passes)],
      ];
    }),
  );
  return parseStudy({
    name: `paper-section-3-${scale}`,
    seeds: [...others],
    groups: {
      teacher: ofFirst({ spec: { data: { jitter: JITTER }, model: TEACHER_NET, ...teacherRecipe }, grid: {} }),
      baseline: ofFirst(hard(epochs.baseline)),
      student: ofFirst(distilled(soft('@teacher'))),
      'student-jittered': ofFirst(distilled(soft('@teacher'), { data: { jitter: JITTER } }, epochs.jitteredStudent)),
      'plain-teacher': ofFirst({
        spec: { model: mlp(1200, 1200), ...quickRecipe(epochs.plainTeacher, 0.05) },
        grid: {},
      }),
      'no-3': distilled(soft('@teacher', { softWeight: 0.99 }), omitting(without(3)), epochs.omitted),
      'hard-no-3': hard(epochs.hardOmitted, omitting(without(3))),
      'only-7-8': distilled(soft('@teacher', { softWeight: 1 }), omitting([7, 8]), epochs.twoClasses),
      map: {
        spec: { model: mlp(30, 30), objective: soft('@teacher'), ...onMap() },
        grid: {
          'model.hidden': (few ? FEW_WIDTHS : WIDTHS).map((width) => [width, width]),
          'objective.temperature': few ? FEW_TEMPERATURES : TEMPERATURES,
        },
      },
      cnn: {
        spec: {
          data: { normalisation: 'symmetric', jitter: JITTER },
          model: { kind: 'cnn' },
          ...cnnRecipe(epochs.cnn, scale),
        },
        grid: {},
      },
      atlas: {
        ...distilled(soft('@teacher', { softWeight: 0.99 }), { ...omitting(without(0)), ...onAtlas(epochs.atlas) }),
        grid: { 'data.classes': DIGITS.map(without) },
      },
      ...economy,
      smoothing: hard(epochs.baseline, { objective: { kind: 'hard', labelSmoothing: 0.1 } }),
      decoupled: distilled({ kind: 'decoupled', teachers: ['@teacher'] }, decoupledRecipe(epochs.student)),
      standardised: distilled(soft('@teacher', { standardise: true, temperature: 2 })),
      'mse-logits': distilled({ kind: 'mse-logits', teachers: ['@teacher'] }),
      'born-again': distilled(soft('@student')),
      ensemble: distilled(soft(`@teacher/${first.join(',')}`)),
      assistant: {
        spec: { model: mlp(300, 300), objective: soft('@teacher'), ...onMap() },
        grid: {},
      },
      assisted: {
        spec: { model: mlp(30, 30), objective: soft('@assistant', { temperature: 4 }), ...onMap() },
        grid: {},
      },
      unassisted: {
        spec: { model: mlp(30, 30), objective: soft('@teacher', { temperature: 4 }), ...onMap() },
        grid: {},
      },
    },
  });
}

const errors = (results: Results, group: string, measure: Measure = testErrors) => results.seeds(group, measure);

function corrections(group: string, what: string, unit: 'errors' | '%'): Claim['figures'] {
  const scale = unit === '%' ? 100 / TEST_IMAGES : 1;
  const choices = [
    ['prior', 'bias by matching the classes’ frequencies'],
    ['validation', 'bias chosen on validation images'],
    ['test', 'bias chosen on the test images, as the paper did'],
  ] as const;
  return choices.map(([selectedOn, label]) =>
    errorsFigure(
      `${what}, ${label}`,
      group,
      { paper: group === 'no-3' ? 109 : 13.2 },
      ({ corrected }) => {
        const found = corrected[selectedOn];
        return found && found.errors * scale;
      },
      { unit, selectedOn },
    ),
  );
}

function threesAfter(): Claim['figures'] {
  return (['prior', 'validation', 'test'] as const).map((selectedOn) =>
    errorsFigure(
      `errors on 3s, bias ${selectedOn === 'prior' ? 'by matching frequencies' : `chosen on ${selectedOn} images`}`,
      'no-3',
      { paper: 14 },
      ({ corrected }) => corrected[selectedOn]?.errorsOnClasses,
      { total: TEST_THREES, selectedOn },
    ),
  );
}

function mapClaim(scale: Scale): Claim {
  const widths = scale === 'minutes' ? FEW_WIDTHS : WIDTHS;
  const temperatures = scale === 'minutes' ? FEW_TEMPERATURES : TEMPERATURES;
  const valuesAt = (results: Results, width: number, temperature: number): number[] =>
    results
      .seeds('map', testErrors, { 'model.hidden': [width, width], 'objective.temperature': temperature })
      .map(({ value }) => value);
  return {
    id: 'temperature-width',
    section: 'Temperature',
    title: 'Temperature × width',
    statement:
      'With 300 or more units in each layer all temperatures above 8 gave fairly similar results; with 30 units temperatures from 2.5 to 4 worked significantly better than higher or lower ones.',
    notes: [
      'Each cell is a student of the same seed’s teacher, distilled on the unshifted set; a short schedule, the same for all.',
    ],
    groups: ['map'],
    figures: widths.flatMap((width) =>
      temperatures.map((temperature) =>
        errorsFigure(`${width} units, T ${temperature}`, 'map', {}, testErrors, {
          at: { 'model.hidden': [width, width], 'objective.temperature': temperature },
          detail: true,
        }),
      ),
    ),
    relations: (results) => {
      const above = temperatures.filter((temperature) => temperature > 8);
      const group = (name: string, chosen: readonly number[]) => ({
        name,
        values: chosen.flatMap((temperature) => valuesAt(results, 30, temperature)),
      });
      return [
        ...widths
          .filter((width) => width >= 300 && above.length > 1)
          .map((width) =>
            judgeAlike(
              `${width} units: all temperatures above 8 alike`,
              above.map((temperature) => ({ name: `T ${temperature}`, values: valuesAt(results, width, temperature) })),
            ),
          ),
        judgeBest(
          '30 units: temperatures from 2.5 to 4 best',
          group(
            'T 2.5 to 4',
            temperatures.filter((each) => each >= 2.5 && each <= 4),
          ),
          [
            group(
              'T below 2.5',
              temperatures.filter((each) => each < 2.5),
            ),
            group(
              'T above 4',
              temperatures.filter((each) => each > 4),
            ),
          ],
        ),
      ];
    },
    pictures: (results) => [mapPicture(results, widths, temperatures)],
  };
}

function atlasClaim(): Claim {
  const at = (digit: number) => ({ 'data.classes': without(digit) });
  const total = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];
  return {
    id: 'omission-atlas',
    section: 'Omitted classes',
    title: 'Omission atlas',
    statement: 'The paper left out the 3. Which digits can be learnt without seeing one?',
    groups: ['atlas'],
    figures: DIGITS.flatMap((digit) => [
      errorsFigure(`errors on ${digit}s, none seen`, 'atlas', {}, errorsOn(digit), {
        at: at(digit),
        total: total[digit]!,
        detail: true,
      }),
      errorsFigure(
        `errors on ${digit}s, bias chosen on validation images`,
        'atlas',
        {},
        ({ corrected }) => corrected.validation?.errorsOnClasses,
        { at: at(digit), total: total[digit]!, selectedOn: 'validation', detail: true },
      ),
    ]),
    pictures: (results) => [atlasPicture(results, at, total)],
  };
}

function economyClaim(scale: Scale): Claim {
  const shares = scale === 'minutes' ? FEW_SHARES : SHARES;
  const percent = (share: number): string => `${100 * share} %`;
  return {
    id: 'transfer-set-economy',
    section: 'Beyond the paper',
    title: 'Transfer-set economy',
    statement:
      'Soft targets carry more information an image than hard ones (section 5 shows it on speech with 3 % of the data): how few digits do they need?',
    notes: [
      'Smaller shares pass more often: epochs grow with the root of what is left out.',
      'Batches of 129 where 128 would leave a last batch of nine digits: a step at the peak rate on so few made every student diverge.',
    ],
    groups: shares.flatMap((share) => [`economy-hard-${shareName(share)}`, `economy-soft-${shareName(share)}`]),
    figures: shares.flatMap((share) => [
      errorsFigure(`hard targets, ${percent(share)}`, `economy-hard-${shareName(share)}`),
      errorsFigure(`soft targets, ${percent(share)}`, `economy-soft-${shareName(share)}`),
    ]),
    relations: (results) =>
      shares.map((share) =>
        judgeFewer(
          `${percent(share)} of the set: soft targets make fewer errors than hard ones`,
          errors(results, `economy-soft-${shareName(share)}`),
          errors(results, `economy-hard-${shareName(share)}`),
        ),
      ),
    pictures: (results) => [
      economyPicture(
        results,
        shares.map((share) => ({
          share,
          hard: `economy-hard-${shareName(share)}`,
          soft: `economy-soft-${shareName(share)}`,
        })),
      ),
    ],
  };
}

function beyondClaim(): Claim {
  const methods: readonly (readonly [group: string, label: string])[] = [
    ['student', 'soft targets at T 20, unshifted (to compare with)'],
    ['decoupled', 'decoupled distillation (Zhao et al. 2022)'],
    ['standardised', 'logit standardisation (Sun et al. 2024)'],
    ['mse-logits', 'squared error on logits (Ba and Caruana 2014)'],
    ['born-again', 'born-again: a student of the student (Furlanello et al. 2018)'],
    ['ensemble', 'student of the mean of all seeds’ teachers'],
    ['baseline', 'hard labels (to compare with)'],
    ['smoothing', 'label smoothing 0.1 (Szegedy et al. 2016)'],
    ['unassisted', '30 units, of the teacher, T 4 (to compare with)'],
    ['assisted', '30 units, of an assistant with 300, T 4 (Mirzadeh et al. 2020)'],
  ];
  return {
    id: 'beyond',
    section: 'Beyond the paper',
    title: 'Newer methods, same budget',
    statement:
      'What came after the paper, on the same net, transfer set and epochs as the student it is compared with.',
    notes: [
      'One setting a method, its authors’. Tuned here: the rate of decoupled distillation, 0.06 and not 0.12, at which its loss is not finite in any seed; chosen on validation images.',
    ],
    groups: [...methods.map(([group]) => group), 'assistant'],
    figures: methods.map(([group, label]) => errorsFigure(label, group)),
    relations: (results) => [
      ...['decoupled', 'standardised', 'mse-logits', 'born-again', 'ensemble'].map((group) =>
        judgeFewer(
          `${methods.find(([name]) => name === group)![1]}: fewer errors than soft targets`,
          errors(results, group),
          errors(results, 'student'),
        ),
      ),
      judgeFewer(
        'Label smoothing makes fewer errors than hard labels',
        errors(results, 'smoothing'),
        errors(results, 'baseline'),
      ),
      judgeFewer(
        'With an assistant, 30 units make fewer errors than without',
        errors(results, 'assisted'),
        errors(results, 'unassisted'),
      ),
    ],
  };
}

function claimsOf(scale: Scale): Claim[] {
  return [
    {
      id: 'teacher',
      section: 'Teacher and student',
      title: 'The teacher',
      statement:
        'A net with two hidden layers of 1200 rectified linear units, with dropout, weight constraints and images jittered by up to two pixels, made 67 test errors.',
      notes: [
        scale === 'full'
          ? 'Trained by arXiv 1207.0580, appendix A.'
          : 'Nesterov momentum under one cosine instead of the 3000 epochs of arXiv 1207.0580.',
      ],
      groups: ['teacher', 'plain-teacher'],
      figures: [
        errorsFigure('teacher', 'teacher', { paper: 67, blog: 58 }),
        errorsFigure('the same net without dropout, max-norm and jitter', 'plain-teacher'),
      ],
      relations: (results) => [
        judgeFewer(
          'Regularised, it makes fewer errors than without',
          errors(results, 'teacher'),
          errors(results, 'plain-teacher'),
        ),
      ],
    },
    {
      id: 'baseline',
      section: 'Teacher and student',
      title: 'The baseline',
      statement: 'A net with two hidden layers of 800 units and no regularisation made 146 errors.',
      groups: ['baseline'],
      figures: [errorsFigure('baseline on hard labels', 'baseline', { paper: 146 })],
    },
    {
      id: 'student',
      section: 'Teacher and student',
      title: 'The student',
      statement:
        'The smaller net regularised solely by matching the teacher’s soft targets at temperature 20 made 74 errors, though its transfer set has no translations.',
      notes: ['Soft weight 0.9: the paper says only that the hard targets’ weight was considerably lower.'],
      groups: ['student', 'baseline', 'teacher'],
      figures: [errorsFigure('student, unshifted transfer set', 'student', { paper: 74 })],
      relations: (results) => [
        judgeFewer('Fewer errors than the baseline', errors(results, 'student'), errors(results, 'baseline')),
      ],
    },
    {
      id: 'student-jittered',
      section: 'Teacher and student',
      title: 'The student on shifted digits',
      statement: 'The blog jittered the student’s transfer set as well, and had 65 errors.',
      groups: ['student-jittered', 'student'],
      figures: [errorsFigure('student, jittered transfer set', 'student-jittered', { blog: 65 })],
      relations: (results) => [
        judgeFewer(
          'Fewer errors than on the unshifted set',
          errors(results, 'student-jittered'),
          errors(results, 'student'),
        ),
      ],
    },
    mapClaim(scale),
    {
      id: 'omitted-3',
      section: 'Omitted classes',
      title: 'A student that never saw a 3',
      statement:
        'Without any 3 in the transfer set the student made 206 errors, 133 of them on the 1010 threes; with the bias of the class raised by 3.5, chosen on the test set, 109, of which 14 on threes. The blog had 141 (82) and no correction.',
      notes: [
        'A tenth of the training set is held out for the bias, so the transfer set has nine tenths of the other digits.',
        'Soft weight 0.99.',
      ],
      groups: ['no-3', 'hard-no-3'],
      figures: [
        errorsFigure('errors', 'no-3', { paper: 206, blog: 141 }),
        errorsFigure('errors on 3s', 'no-3', { paper: 133, blog: 82 }, errorsOn(3), { total: TEST_THREES }),
        ...corrections('no-3', 'errors', 'errors'),
        ...threesAfter(),
        errorsFigure('hard labels, no 3s: errors', 'hard-no-3'),
        errorsFigure('hard labels, no 3s: errors on 3s', 'hard-no-3', {}, errorsOn(3), { total: TEST_THREES }),
      ],
      relations: (results) => [
        judgeFewer(
          'On 3s: fewer errors from soft targets than from hard labels, neither having seen one',
          errors(results, 'no-3', errorsOn(3)),
          errors(results, 'hard-no-3', errorsOn(3)),
        ),
      ],
      pictures: (results) => [
        biasPicture(results, 'no-3', 'errors over the bias added to the class 3'),
        ...emergencePicture(results, 'no-3', 'the 3 that was never seen, epoch by epoch'),
      ],
    },
    {
      id: 'only-7-8',
      section: 'Omitted classes',
      title: 'A student that saw only 7s and 8s',
      statement:
        'With only the 7s and 8s the student’s test error was 47.3 %; with the biases of both lowered by 7.6, chosen on the test set, 13.2 %.',
      notes: ['From soft targets alone; a tenth of the training set is held out for the bias.'],
      groups: ['only-7-8'],
      figures: [
        errorsFigure('test error', 'only-7-8', { paper: 47.3 }, (measured) => measured.testErrors / 100, {
          unit: '%',
        }),
        ...corrections('only-7-8', 'test error', '%'),
      ],
      pictures: (results) => [
        biasPicture(results, 'only-7-8', 'errors over the bias added to the classes 7 and 8'),
        ...emergencePicture(results, 'only-7-8', 'eight digits that were never seen, epoch by epoch'),
      ],
    },
    atlasClaim(),
    {
      id: 'cnn',
      section: 'Beyond the paper',
      title: 'The blog’s CNN beside them',
      statement: 'A convolutional net with a tenth of the teacher’s parameters made 52 errors in the blog.',
      groups: ['cnn', 'teacher', 'student'],
      latency: true,
      figures: [
        errorsFigure('CNN', 'cnn', { blog: 52 }),
        ...(
          [
            ['cnn', 'CNN'],
            ['teacher', 'teacher'],
            ['student', 'student'],
          ] as const
        ).flatMap(([group, name]): Claim['figures'] => [
          {
            label: `${name}: parameters`,
            unit: '',
            published: {},
            group,
            measure: ({ run }) => run.record.model.parameterCount,
          },
          {
            label: `${name}: multiply-adds an image`,
            unit: '',
            published: {},
            group,
            measure: ({ run }) => run.record.model.multiplyAdds,
          },
          {
            label: `${name}: time an image, one at a time`,
            unit: 'ms',
            published: {},
            group,
            measure: ({ millisecondsAnImage }) => millisecondsAnImage,
          },
        ]),
      ],
      relations: (results) => [
        judgeFewer('The CNN makes fewer errors than the teacher', errors(results, 'cnn'), errors(results, 'teacher')),
      ],
    },
    economyClaim(scale),
    beyondClaim(),
    {
      id: 'diagnostics',
      section: 'Diagnostics',
      title: 'What the student takes from its teacher',
      statement:
        'Soft gradients shrink as 1/T², so the paper multiplies them by T² (section 2). And a student repeats its teacher.',
      groups: ['student', 'student-jittered', 'baseline'],
      figures: [
        ...(
          [
            ['with the factor T²', 'withFactor'],
            ['without it', 'withoutFactor'],
          ] as const
        ).map(([label, factor]): Claim['figures'][number] => ({
          label: `share of the soft targets in the gradient at the end, ${label}`,
          unit: '% of the gradient',
          published: {},
          group: 'student',
          measure: ({ metrics }) => {
            const share = metrics.at(-1)?.softGradientShare?.[factor];
            return share === undefined ? undefined : 100 * share;
          },
        })),
        ...(
          [
            ['student', 'student'],
            ['student-jittered', 'student on shifted digits'],
            ['baseline', 'baseline, which has no teacher'],
          ] as const
        ).map(([group, name]): Claim['figures'][number] => ({
          label: `teacher’s errors repeated, ${name}`,
          unit: '% of its errors',
          published: {},
          group,
          measure: ({ inheritedErrors }) => (inheritedErrors === undefined ? undefined : 100 * inheritedErrors),
        })),
      ],
      pictures: (results) => [
        gradientPicture(results, 'student'),
        agreementPicture(results, ['student', 'student-jittered']),
        divergencePicture(results, ['student', 'student-jittered']),
      ],
    },
  ];
}

export function paperSection3(scale: Scale): ClaimedStudy {
  return { study: studyOf(scale), claims: claimsOf(scale) };
}
