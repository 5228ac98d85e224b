/** The training of one network, from its spec: the algorithm box. */
import { LabError } from '../contract/errors';
import type { RunSpec } from '../contract/spec';
import type { Batch } from '../data/batches';
import { Batches, drawBatch } from '../data/batches';
import type { Dataset } from '../data/dataset';
import { inkShare } from '../data/dataset';
import { drawUnshifted, normalisationTable } from '../data/jitter';
import type { TransferSet } from '../data/transfer-set';
import type { Objective } from '../distillation/objective';
import { createObjective } from '../distillation/objective';
import { meanDistribution } from '../evaluation/ensemble';
import type { Logits } from '../evaluation/logits';
import { forward } from '../models/forward';
import type { NamedArray } from '../models/model';
import { Model } from '../models/model';
import { Random } from '../random';
import { DropoutMask } from '../tensorflow/dropout';
import type { Tensor } from '../tensorflow/engine';
import { tf } from '../tensorflow/engine';
import { drawImages, fused } from '../tensorflow/fused';
import type { Optimiser } from '../tensorflow/optimisers';
import { createOptimiser } from '../tensorflow/optimisers';
import { settingsAt } from './schedule';
import type { Teacher } from './teacher-logits';
import { TeacherLogits } from './teacher-logits';

/** Losses summed over the images of the epoch under way. */
export interface LossSums {
  readonly total: number;
  readonly soft: number;
  readonly hard: number;
  readonly images: number;
}

/** Everything a training needs to go on, bit for bit: the rest follows from the spec. */
export interface TrainingState {
  /** steps taken */
  readonly step: number;
  readonly sums: LossSums;
  /** parameters and optimiser slots by name */
  readonly tensors: Readonly<Record<string, NamedArray>>;
}

export type TrainingEvent =
  | { readonly type: 'step'; readonly step: number; readonly epoch: number; readonly learningRate: number }
  | { readonly type: 'epoch'; readonly step: number; readonly epoch: number; readonly losses: LossSums };

const NO_LOSSES: LossSums = { total: 0, soft: 0, hard: 0, images: 0 };

/** Up to this share of ink, products that visit the ink alone are the quicker ones. */
const MOST_INK = 0.3;

/** Steps whose losses wait on the device at most. */
const MOST_UNREAD = 64;

export class Training {
  readonly model: Model;
  readonly batches: Batches;
  private readonly optimiser: Optimiser;
  private readonly objective: Objective;
  private readonly teacherLogits: TeacherLogits | undefined;
  private readonly table: Float32Array;
  /** whether most pixels that the network sees have one value */
  private readonly mostlyBlack: boolean;
  /** on the device: the training set's bytes [images, side, side], and the table */
  private stored: { readonly images: Tensor; readonly table: Tensor } | undefined;
  private readonly labels: Float32Array;
  private sums: LossSums;
  /** losses of the last steps, still on the device: reading them at every step would make a GPU wait */
  private unread: { readonly step: number; readonly values: Tensor; readonly images: number }[] = [];
  /** the first step whose loss was not finite */
  private divergedAt: number | undefined;
  private stepsTaken: number;

  /**
   * @param teachers in the order of the spec; none for hard labels
   * @param state where to go on; the beginning when left out
   */
  constructor(
    readonly spec: RunSpec,
    private readonly dataset: Dataset,
    transferSet: TransferSet,
    private readonly teachers: readonly Teacher[],
    state?: TrainingState,
  ) {
    const { data, objective, optimiser, seed, training } = spec;
    const input = { side: dataset.side, classes: dataset.classes };
    this.model = state
      ? Model.restore(spec.model, input, state.tensors, 'The checkpoint')
      : Model.initialise(spec.model, input, seed);
    const { layout, variables } = this.model;
    this.optimiser = createOptimiser(
      optimiser,
      variables.map((variable, index) => ({ variable, hiddenWeight: layout.parameters[index]!.hiddenWeight })),
    );
    try {
      if (state) this.restoreSlots(state.tensors);
    } catch (error) {
      this.optimiser.dispose();
      this.model.dispose();
      throw error;
    }
    this.objective = createObjective(objective);
    this.batches = new Batches(transferSet.training, training.batchSize, data, seed, dataset.side ** 2);
    this.teacherLogits =
      objective.kind === 'hard' ? undefined : new TeacherLogits(teachers, dataset, data, objective.teacherLogits);
    this.table = normalisationTable(data.normalisation);
    // What is dropped becomes 0, which is one more ink unless black is 0 as well.
    const dropped = this.table[0] === 0 ? 0 : (layout.dropout.find(({ input }) => input)?.probability ?? 0);
    this.mostlyBlack = data.noise === 0 && inkShare(dataset.train, dataset.side) + dropped <= MOST_INK;
    this.labels = new Float32Array(training.batchSize * dataset.classes);
    this.stepsTaken = state?.step ?? 0;
    this.sums = state?.sums ?? NO_LOSSES;
  }

  /** Steps taken so far. */
  get step(): number {
    return this.stepsTaken;
  }

  get totalSteps(): number {
    return this.spec.training.epochs * this.batches.stepsPerEpoch;
  }

  /** Epochs completed. */
  get epoch(): number {
    return Math.floor(this.stepsTaken / this.batches.stepsPerEpoch);
  }

  /**
   * Trains to the end of the spec, yielding after every step and again after each epoch's last. Whoever pulls
   * decides the pace: not pulling is a pause, and returning early is a stop from which `state()` goes on.
   */
  async *train(): AsyncGenerator<TrainingEvent, void, void> {
    const { stepsPerEpoch } = this.batches;
    while (this.stepsTaken < this.totalSteps) {
      const learningRate = this.takeStep();
      yield { type: 'step', step: this.stepsTaken, epoch: this.epoch, learningRate };
      if (this.stepsTaken % stepsPerEpoch === 0) {
        const losses = this.losses();
        this.sums = NO_LOSSES;
        yield { type: 'epoch', step: this.stepsTaken, epoch: this.epoch, losses };
      }
    }
  }

  /** One step: draw the batch, go forward, differentiate, update. Returns the learning rate used. */
  private takeStep(): number {
    const { spec, model, optimiser } = this;
    const settings = settingsAt(spec, this.stepsTaken, this.batches.stepsPerEpoch);
    if (settings.reset) optimiser.reset();

    const batch = this.batches.at(this.stepsTaken);
    const teacherValues = this.teacherLogits?.forBatch(batch);

    const gradients = tf.tidy(() => {
      const masks = this.drawMasks(batch.size);
      const inputMask = masks.find((_, index) => model.layout.dropout[index]!.input);
      const images = this.drawImages(batch, inputMask);
      const background = this.mostlyBlack
        ? Math.fround(this.table[0]! * Math.fround(inputMask?.scale ?? 1))
        : undefined;
      const targets = {
        hard: this.labelsOf(batch),
        teacherLogits: teacherValues && { teachers: this.teachers.length, values: teacherValues },
      };
      const parameters = model.variables.map((variable) => variable.read());
      const pass = forward(spec.model, parameters, images, masks, background);
      const { grads } = tf.engine().gradients(() => {
        const losses = this.objective(pass.logits, targets);
        this.unread.push({ step: this.stepsTaken + 1, values: losses.values, images: batch.size });
        return losses.total as never;
      }, [pass.logits]);
      // The parameters read here are disposed of with this scope: the update then works in place.
      return pass.backward(grads[0]!);
    });
    optimiser.apply(gradients, settings);
    tf.dispose(gradients);
    this.stepsTaken += 1;
    if (this.unread.length >= MOST_UNREAD) this.readLosses();
    return settings.learningRate;
  }

  /** One-hot labels, [batch, classes]. */
  private labelsOf({ positions, size }: Batch): Tensor {
    const { classes, train } = this.dataset;
    const labels = this.labels.subarray(0, size * classes).fill(0);
    positions.forEach((position, row) => (labels[row * classes + train.labels[position]!] = 1));
    return tf.tensor(labels, [size, classes]);
  }

  private drawMasks(batchSize: number): (DropoutMask | undefined)[] {
    return this.model.layout.dropout.map(({ probability, units }, index) => {
      const random = new Random(this.spec.seed, `dropout/${index}`, this.stepsTaken);
      return probability === 0 ? undefined : new DropoutMask([batchSize, units], probability, random);
    });
  }

  /** The batch's images, shifted, noisy, normalised and with dropped pixels: [batch, side × side]. */
  private drawImages(batch: Batch, mask: DropoutMask | undefined): Tensor {
    const { train, side } = this.dataset;
    if (fused.available && !batch.noise) {
      // The bytes stay on the device from the first step on: a batch names its images.
      this.stored ??= {
        images: tf.keep(tf.tensor(train.images, [train.labels.length, side, side], 'bool')),
        table: tf.keep(tf.tensor1d(this.table)),
      };
      const shifts = new Int32Array(2 * batch.size);
      for (let row = 0; row < batch.size; row++) {
        shifts[2 * row] = batch.shiftX[row]!;
        shifts[2 * row + 1] = batch.shiftY[row]!;
      }
      return drawImages(this.stored.images, { positions: batch.positions, shifts }, this.stored.table, mask);
    }
    const pixels = new Float32Array(batch.size * side ** 2);
    drawBatch(train, side, batch, this.table, pixels);
    const images = tf.tensor(pixels, [batch.size, side ** 2]);
    return mask ? tf.mul(images, mask.factors()) : images;
  }

  /** Adds up what has gathered on the device, in double precision and in the order of the steps. */
  private readLosses(): void {
    for (const { step, values, images } of this.unread) {
      const [total, hard, soft = 0] = values.dataSync();
      values.dispose();
      this.sums = {
        total: this.sums.total + images * total!,
        soft: this.sums.soft + images * soft,
        hard: this.sums.hard + images * hard!,
        images: this.sums.images + images,
      };
      if (!Number.isFinite(this.sums.total)) this.divergedAt ??= step;
    }
    this.unread = [];
  }

  /**
   * Losses of the epoch under way, summed over its images so far; waits for the device.
   * @throws LabError `not-finite` when the network has diverged
   */
  losses(): LossSums {
    this.readLosses();
    if (this.divergedAt !== undefined) {
      const epoch = Math.ceil(this.divergedAt / this.batches.stepsPerEpoch);
      throw new LabError(
        'not-finite',
        `The loss is not finite at step ${this.divergedAt} (epoch ${epoch}).`,
        'The last good checkpoint is kept. Lower optimiser.learningRate, or set optimiser.maxSquaredNorm.',
      );
    }
    return this.sums;
  }

  /** Logits of stored images, without jitter and dropout: [positions, classes]. */
  evaluate(images: Uint8Array, positions: ArrayLike<number>): Float32Array {
    return this.model.logits(drawUnshifted(images, this.dataset.side, positions, this.spec.data.normalisation));
  }

  /**
   * Logits of the teachers on stored images, without jitter: of several, those of their mean distribution at the
   * objective's temperature.
   * @returns undefined for hard labels
   */
  teacherOn(images: Uint8Array, positions: ArrayLike<number>): Logits | undefined {
    const { objective } = this.spec;
    if (objective.kind === 'hard') return undefined;
    const { side, classes } = this.dataset;
    const networks = this.teachers.map(({ model, normalisation }) => ({
      values: model.logits(drawUnshifted(images, side, positions, normalisation)),
      count: positions.length,
      classes,
    }));
    const [only] = networks;
    return networks.length === 1
      ? only
      : meanDistribution(networks, 'temperature' in objective ? objective.temperature : 1);
  }

  /** A copy of everything that a resumed training needs. */
  state(): TrainingState {
    const tensors: Record<string, NamedArray> = {};
    for (const variable of [...this.model.variables, ...this.optimiser.slots]) {
      tensors[variable.name] = { shape: variable.shape, values: variable.values() };
    }
    return { step: this.stepsTaken, sums: this.losses(), tensors };
  }

  private restoreSlots(tensors: Readonly<Record<string, NamedArray>>): void {
    for (const slot of this.optimiser.slots) {
      const saved = Object.hasOwn(tensors, slot.name) ? tensors[slot.name] : undefined;
      if (saved?.shape.join() !== slot.shape.join()) {
        throw new LabError('incompatible', `The checkpoint has no fitting optimiser state "${slot.name}".`);
      }
      slot.assign(saved!.values.slice());
    }
  }

  dispose(): void {
    for (const { values } of this.unread) values.dispose();
    this.unread = [];
    if (this.stored) tf.dispose([this.stored.images, this.stored.table]);
    this.optimiser.dispose();
    this.model.dispose();
  }
}
