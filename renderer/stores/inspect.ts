/** What is looked at: a run's checkpoint, its partner, a cell, a digit, and the bias laid over all of it. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { messageOf } from '../../src-core/contract/errors';
import type { CheckpointReference, LabelledLogits, RunDetail } from '../../src-core/contract/rpc';
import { matchPrior, optimalBias, uncheckedApplyBias } from '../../src-core/evaluation/bias';
import { crossEntropyOfRow } from '../../src-core/evaluation/calibration';
import { confusionMatrix, errorSums, mostConfused } from '../../src-core/evaluation/confusion';
import { meanDistribution } from '../../src-core/evaluation/ensemble';
import { countErrors, errorInterval } from '../../src-core/evaluation/errors';
import { divergenceOfRow, divergences } from '../../src-core/evaluation/fidelity';
import type { Logits } from '../../src-core/evaluation/logits';
import {
  checkLabels,
  checkLogits,
  confidence,
  confidenceOfRow,
  predictions,
  uncheckedPredictions,
} from '../../src-core/evaluation/logits';
import { shareOfRow } from '../../src-core/evaluation/similarity';
import { orderDigits } from '../digits/order';
import type { DigitOrder } from '../digits/order';
import { lab } from '../lab';
import type { Cell } from '../ui/useCellWalk';
import { useDataset } from './dataset';
import { useRuns } from './runs';

/** What the run is compared with: a teacher, a student, or the mean of several teachers. */
export interface Partner {
  readonly role: 'teacher' | 'student';
  readonly of: readonly CheckpointReference[];
}

/** Looked over once, as it arrives: what follows a slider at every frame does not check it again. */
function checked(found: LabelledLogits): LabelledLogits {
  checkLogits(found);
  checkLabels(found, found.labels);
  return found;
}

export const useInspect = defineStore('inspect', () => {
  const runs = useRuns();
  const dataset = useDataset();

  const detail = shallowRef<RunDetail>();
  const checkpoint = ref<string>();
  const logits = shallowRef<LabelledLogits>();
  const validation = shallowRef<LabelledLogits>();
  const partnerIndex = ref(0);
  /** of each network that the partner is made of */
  const partnerNetworks = shallowRef<readonly LabelledLogits[]>([]);
  /** why the partner cannot be shown */
  const partnerFailure = ref('');
  const loading = ref(false);
  const failure = ref('');
  /** as its sliders stand */
  const bias = shallowRef<Float32Array>(new Float32Array(10));
  /** The bias that is laid over the logits: while a slider is dragged it follows once a frame. */
  const laid = shallowRef(bias.value);
  /** A bias that was dragged is laid over the logits already, but digits are still those of the one before. */
  const digitsWait = ref(false);
  /** set while the bias stands as an optimum on test labels left it */
  const biasTunedOn = ref<'test' | 'validation' | 'prior'>();
  const past = shallowRef<readonly Float32Array[]>([]);
  const cell = shallowRef<Cell>();
  /** rows of the test images that were chosen on the map; a cell takes their place */
  const picked = shallowRef<Uint32Array>();
  const chosen = ref<number>();
  const order = ref<DigitOrder>('confidence');
  const temperature = ref(4);
  /** What a cell stands for: the digits read so, or those of the class by what they give to the other. */
  const cellMeans = ref<'read as' | 'gives' | 'difference'>('read as');

  const record = computed(() => detail.value?.record);
  const checkpoints = computed(() => record.value?.checkpoints ?? []);
  const shown = computed(() => checkpoints.value.find((kept) => kept.name === checkpoint.value));
  /** The number shown was chosen by looking at the test set; the last checkpoint is where the training ended. */
  const tunedOnTest = computed(() => {
    const best = record.value?.best;
    const isLast = checkpoint.value === checkpoints.value.at(-1)?.name;
    const isBest = best?.selectedOn === 'test' && best.checkpoint === checkpoint.value;
    return biasTunedOn.value === 'test' || (isBest && !isLast);
  });
  const partners = computed<readonly Partner[]>(() => {
    const teachers = (record.value?.teachers ?? []).map(({ run, checkpoint: name }) => ({ run, checkpoint: name }));
    return [
      // What a student of several was taught comes first.
      ...(teachers.length > 1 ? [{ role: 'teacher' as const, of: teachers }] : []),
      ...teachers.map((teacher) => ({ role: 'teacher' as const, of: [teacher] })),
      ...(detail.value?.students ?? []).map((run) => ({ role: 'student' as const, of: [{ run, checkpoint: 'last' }] })),
    ];
  });
  const partner = computed(() => partners.value[partnerIndex.value]);

  /** Written again and again: a slider that is dragged makes no garbage of 400 kB a frame. */
  let buffer = new Float32Array(0);
  const biased = computed<Logits | undefined>(() => {
    if (!logits.value) return undefined;
    const { values, count, classes } = logits.value;
    if (buffer.length !== values.length) buffer = new Float32Array(values.length);
    return uncheckedApplyBias({ values, count, classes }, laid.value, buffer);
  });
  const predicted = computed(() => biased.value && uncheckedPredictions(biased.value));
  const errors = computed(() =>
    predicted.value && logits.value ? countErrors(predicted.value, logits.value.labels) : undefined,
  );
  const plainErrors = computed(() => logits.value && countErrors(predictions(logits.value), logits.value.labels));
  /** 95 %, in errors */
  const interval = computed(() => {
    if (errors.value === undefined || !logits.value || logits.value.count === 0) return undefined;
    return errorInterval(errors.value, logits.value.count);
  });
  const matrix = computed(
    () => predicted.value && confusionMatrix(predicted.value, logits.value!.labels, logits.value!.classes),
  );
  const sums = computed(() => matrix.value && errorSums(matrix.value, logits.value!.classes));
  const worst = computed(() => (matrix.value ? mostConfused(matrix.value, logits.value!.classes, 3) : []));
  /** of every image */
  const confidences = computed(() => biased.value && confidence(biased.value));

  function titleOf({ role, of }: Partner): string {
    return of.length > 1 ? `mean of ${of.length} ${role}s` : runs.titleOf(of[0]!.run);
  }

  /** The partner's logits at T: of several teachers, those of the mean of their distributions. */
  function partnerLogitsAt(networks: readonly Logits[], at: number): Logits | undefined {
    return networks.length > 1 ? meanDistribution(networks, at) : networks[0];
  }
  const partnerLogits = computed(() => partnerLogitsAt(partnerNetworks.value, 1));

  const orderedBy = computed(() =>
    order.value === 'disagreement' && !comparable.value ? ('confidence' as const) : order.value,
  );
  const comparable = computed(
    () =>
      logits.value !== undefined &&
      partnerLogits.value !== undefined &&
      partnerLogits.value.count === logits.value.count &&
      partnerLogits.value.classes === logits.value.classes,
  );
  /** KL(teacher‖student) of every image, whichever of the two the run is */
  const disagreement = computed(() => {
    if (!biased.value || !comparable.value) return undefined;
    return partner.value?.role === 'teacher'
      ? divergences(partnerLogits.value!, biased.value)
      : divergences(biased.value, partnerLogits.value!);
  });
  /** What digits are ordered by, computed for those alone that are asked for: a few errors of 10,000 images. */
  const sortValue = computed<((row: number) => number) | undefined>(() => {
    if (!biased.value) return undefined;
    const { values, classes } = biased.value;
    if (orderedBy.value === 'loss') {
      const { labels } = logits.value!;
      return (row) => crossEntropyOfRow(values, row * classes, classes, labels[row]!);
    }
    if (orderedBy.value === 'disagreement') {
      const other = partnerLogits.value!.values;
      const [v, z] = partner.value?.role === 'teacher' ? [other, values] : [values, other];
      return (row) => divergenceOfRow(v, z, row * classes, classes, 1);
    }
    return (row) => confidenceOfRow(values, row * classes, classes, 1);
  });
  /** Teacher and student among the run and its partner, at T. */
  const pairAtT = computed(() => {
    if (!biased.value || !comparable.value) return undefined;
    const other = partnerLogitsAt(partnerNetworks.value, temperature.value);
    if (!other) return undefined;
    // The mean of several distributions is given as logits of that distribution: T is in it already.
    const theirs = { logits: other, temperature: partnerNetworks.value.length > 1 ? 1 : temperature.value };
    const own = { logits: biased.value, temperature: temperature.value };
    return partner.value?.role === 'teacher' ? { teacher: theirs, student: own } : { teacher: own, student: theirs };
  });
  /** What an image gives to the cell's column, or how much more the teacher gives; undefined where cells stand for answers. */
  const given = computed<((row: number) => number) | undefined>(() => {
    const of = cell.value?.predicted;
    if (of === undefined || cellMeans.value === 'read as' || !biased.value) return undefined;
    const { classes } = biased.value;
    if (cellMeans.value === 'gives') {
      const { values } = biased.value;
      return (row) => shareOfRow(values, row * classes, classes, of, temperature.value);
    }
    const pair = pairAtT.value;
    if (!pair) return undefined;
    const shareIn = (side: typeof pair.teacher, row: number): number =>
      shareOfRow(side.logits.values, row * classes, classes, of, side.temperature);
    return (row) => shareIn(pair.teacher, row) - shareIn(pair.student, row);
  });
  /** of the cell, or all errors */
  const rows = computed<Uint32Array>((former) => {
    if (digitsWait.value && former) return former;
    if (!predicted.value || !sortValue.value) return new Uint32Array(0);
    const { labels } = logits.value!;
    if (picked.value) return orderDigits([...picked.value], sortValue.value);
    if (cell.value && given.value) {
      const { label } = cell.value;
      const members = [...labels.keys()].filter((row) => labels[row] === label);
      return orderDigits(members, given.value);
    }
    const found: number[] = [];
    for (let row = 0; row < labels.length; row++) {
      const read = predicted.value[row];
      const wanted = cell.value
        ? labels[row] === cell.value.label && read === cell.value.predicted
        : labels[row] !== read;
      if (wanted) found.push(row);
    }
    return orderDigits(found, sortValue.value);
  });

  let frame = 0;
  /** While a bias is dragged, errors and matrix follow in one frame and digits in the next: both are long for one. */
  function layDragged(): void {
    digitsWait.value = true;
    laid.value = bias.value;
    frame = requestAnimationFrame(showDigits);
  }
  function showDigits(): void {
    digitsWait.value = false;
    frame = laid.value === bias.value ? 0 : requestAnimationFrame(layDragged);
  }
  function put(next: Float32Array): void {
    cancelAnimationFrame(frame);
    frame = 0;
    digitsWait.value = false;
    bias.value = next;
    laid.value = next;
  }

  let turn = 0;
  async function loadRun(id: string | undefined): Promise<void> {
    const mine = ++turn;
    detail.value = undefined;
    logits.value = undefined;
    failure.value = '';
    cell.value = undefined;
    picked.value = undefined;
    chosen.value = undefined;
    partnerIndex.value = 0;
    checkpoint.value = undefined;
    put(new Float32Array(10));
    biasTunedOn.value = undefined;
    past.value = [];
    if (id === undefined) return;
    loading.value = true;
    try {
      const found = await lab.run(id);
      if (mine !== turn) return;
      detail.value = found;
      const last = found.record.checkpoints.at(-1);
      const best = found.record.best?.checkpoint;
      await loadCheckpoint(last?.name ?? best);
    } catch (error) {
      if (mine === turn) failure.value = messageOf(error);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }

  let checkpointTurn = 0;
  async function loadCheckpoint(name: string | undefined): Promise<void> {
    const mine = ++checkpointTurn;
    checkpoint.value = name;
    const run = record.value?.id;
    if (run === undefined || name === undefined) return;
    failure.value = '';
    try {
      const [test, held] = await Promise.all([
        lab.logits({ run, checkpoint: name }, 'test'),
        lab.logits({ run, checkpoint: name }, 'validation').catch(() => undefined),
      ]);
      if (mine !== checkpointTurn) return;
      if (test && bias.value.length !== test.classes) put(new Float32Array(test.classes));
      logits.value = test && checked(test);
      validation.value = held;
      if (!test) failure.value = 'This checkpoint has no predictions of the test images. Choose another epoch.';
    } catch (error) {
      if (mine === checkpointTurn) failure.value = messageOf(error);
    }
  }

  watch(() => runs.selectedId, loadRun, { immediate: true });
  /** A run's record may be read anew without its partner being another. */
  const partnerKey = computed(() => JSON.stringify(partner.value));
  watch(partnerKey, async (key) => {
    const now = partner.value;
    partnerNetworks.value = [];
    partnerFailure.value = '';
    if (!now) return;
    try {
      const found = await Promise.all(now.of.map((reference) => lab.logits(reference, 'test')));
      if (partnerKey.value === key) {
        partnerNetworks.value = found.flatMap((network) => (network ? checked(network) : []));
      }
    } catch (error) {
      if (partnerKey.value === key) partnerFailure.value = messageOf(error);
    }
  });

  /** A checkpoint that training has just kept appears on the slider; whoever looks at the last one sees the new last. */
  watch(
    () => (record.value ? runs.details.get(record.value.id) : undefined),
    (newer) => {
      if (!newer || newer.record.id !== record.value?.id) return;
      const atEnd = checkpoint.value === checkpoints.value.at(-1)?.name;
      detail.value = newer;
      const last = checkpoints.value.at(-1)?.name;
      if (last !== checkpoint.value && (atEnd || !shown.value)) void loadCheckpoint(last);
    },
  );

  /** What each bias was tuned on: an undo brings the mark back with the bias. */
  const tunings = new WeakMap<Float32Array, 'test' | 'validation' | 'prior'>();

  function setBias(next: Float32Array, tuned?: 'test' | 'validation' | 'prior'): void {
    past.value = [...past.value.slice(-49), bias.value];
    put(next);
    biasTunedOn.value = tuned;
    if (tuned) tunings.set(next, tuned);
  }

  /** where a slider stood when it was taken hold of, until it moves */
  let held: Float32Array | undefined;

  /** While a slider is dragged: no step to undo but the first, and one recount a frame however often it moves. */
  function dragBias(label: number, value: number): void {
    if (held) past.value = [...past.value.slice(-49), held];
    held = undefined;
    const next = Float32Array.from(bias.value);
    next[label] = value;
    bias.value = next;
    if (frame === 0) frame = requestAnimationFrame(layDragged);
    // Moved on from an optimum on test labels, it still stems from them.
    if (biasTunedOn.value === 'test') tunings.set(next, 'test');
    else biasTunedOn.value = undefined;
  }

  /** A slider is taken hold of: what it changes, if anything, is one step to undo. */
  function holdBias(): void {
    held = bias.value;
  }

  function presetBias(classes: readonly number[], constant: number): void {
    const next = new Float32Array(bias.value.length);
    for (const label of classes) next[label] = constant;
    setBias(next);
  }

  function undoBias(): void {
    const last = past.value.at(-1);
    if (!last) return;
    past.value = past.value.slice(0, -1);
    put(last);
    biasTunedOn.value = tunings.get(last);
  }

  function optimise(classes: readonly number[], on: 'validation' | 'test'): void {
    const source = on === 'test' ? logits.value : validation.value;
    if (source && classes.length > 0) setBias(optimalBias(source, source.labels, classes, on).bias, on);
  }

  /** Shares of the whole training set: no label of a test image is looked at. */
  function matchPriors(classes: readonly number[]): void {
    const counts = dataset.summary?.train;
    if (!logits.value || !counts || classes.length === 0) return;
    const total = counts.reduce((sum, count) => sum + count, 0);
    setBias(
      matchPrior(
        logits.value,
        counts.map((count) => count / total),
        classes,
      ).bias,
      'prior',
    );
  }

  return {
    detail,
    record,
    checkpoint,
    checkpoints,
    shown,
    logits,
    validation,
    partners,
    partner,
    partnerIndex,
    partnerNetworks,
    partnerLogits,
    partnerLogitsAt,
    partnerFailure,
    titleOf,
    comparable,
    loading,
    failure,
    bias,
    biasTunedOn,
    past,
    cell,
    chosen,
    order,
    orderedBy,
    temperature,
    tunedOnTest,
    biased,
    predicted,
    errors,
    plainErrors,
    interval,
    matrix,
    sums,
    worst,
    confidences,
    disagreement,
    sortValue,
    cellMeans,
    picked,
    given,
    pairAtT,
    rows,
    loadRun,
    digitsWait,
    loadCheckpoint,
    setBias,
    dragBias,
    holdBias,
    presetBias,
    undoBias,
    optimise,
    matchPriors,
  };
});
