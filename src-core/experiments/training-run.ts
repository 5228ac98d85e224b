/** From a run's folder to a training and back: prepares, trains, records. */
import { LabError, messageOf } from '../contract/errors';
import type {
  CheckpointRecord,
  EpochRecord,
  RunEnvironment,
  RunEvent,
  RunRecord,
  TeacherRecord,
} from '../contract/run';
import type { RunSpec } from '../contract/spec';
import { teachersOf } from '../contract/spec';
import type { Dataset } from '../data/dataset';
import { selectTransferSet } from '../data/transfer-set';
import { layoutOf } from '../models/layout';
import { Model } from '../models/model';
import type { Evaluation, Recorder } from '../training/session';
import { Session } from '../training/session';
import type { Teacher } from '../training/teacher-logits';
import type { TrainingState } from '../training/train';
import { Training } from '../training/train';
import { describeEnvironment } from './environment';
import { appendToEventFile, writeEventFile } from './event-file';
import type { Run, RunStore } from './run-store';

/** Splits "RUN@CHECKPOINT"; without "@" the last checkpoint is meant. */
function splitReference(reference: string): [run: string, checkpoint: string] {
  const at = reference.lastIndexOf('@');
  return at < 0 ? [reference, 'last'] : [reference.slice(0, at), reference.slice(at + 1)];
}

/**
 * A spec whose teachers are named in full, and those teachers' checkpoints with their hashes.
 * @throws LabError when a teacher does not exist, is being trained, or reads other images than the student
 */
export async function resolveTeachers(
  store: RunStore,
  spec: RunSpec,
  dataset: Dataset,
): Promise<{ spec: RunSpec; teachers: TeacherRecord[] }> {
  if (spec.objective.kind === 'hard') return { spec, teachers: [] };
  const teachers: TeacherRecord[] = [];
  for (const reference of teachersOf(spec)) {
    const [name, checkpoint] = splitReference(reference);
    const run = store.open(name);
    if (run.status === 'running') {
      throw new LabError('locked', `Teacher ${run.id} is still being trained.`, 'Wait for it, or stop it first.');
    }
    const { model, dataset: taught } = run.record;
    const { side, classes } = model;
    if (side !== dataset.side || classes !== dataset.classes) {
      throw new LabError(
        'incompatible',
        `Teacher ${run.id} reads ${side}×${side} images of ${classes} classes, the student's data are ` +
          `${dataset.side}×${dataset.side} of ${dataset.classes}.`,
        'Choose a teacher that was trained on the same data set.',
      );
    }
    if (run.spec.data.dataset !== dataset.name || taught?.sha256 !== dataset.sha256) {
      throw new LabError(
        'incompatible',
        `Teacher ${run.id} is of the data set ${run.spec.data.dataset}, the student of ${dataset.name}` +
          `${run.spec.data.dataset === dataset.name ? ' as it is now' : ''}.`,
        'Choose a teacher that was trained on the same data set.',
      );
    }
    teachers.push(await run.asTeacher(checkpoint));
  }
  const names = teachers.map((teacher) => `${teacher.run}@${teacher.checkpoint}`);
  return { spec: { ...spec, objective: { ...spec.objective, teachers: names } }, teachers };
}

/** A new run for a spec, checked as far as it can be before training starts. */
export async function createRun(
  store: RunStore,
  asked: RunSpec,
  dataset: Dataset,
  environment: RunEnvironment,
): Promise<Run> {
  const { spec, teachers } = await resolveTeachers(store, asked, dataset);
  const { training, validation } = selectTransferSet(dataset, spec.data);
  const { side, classes } = dataset;
  const { summary, parameterCount, multiplyAdds } = layoutOf(spec.model, { side, classes });
  const record: Omit<RunRecord, 'id'> = {
    format: 1,
    createdAt: new Date().toISOString(),
    spec,
    status: 'created',
    environment,
    teachers,
    ...(dataset.sha256 === undefined ? {} : { dataset: { sha256: dataset.sha256 } }),
    model: { summary, parameterCount, multiplyAdds, side, classes },
    images: { training: training.length, validation: validation.length },
    checkpoints: [],
  };
  return store.create(spec.name || summary, record);
}

/** The model that a checkpoint holds. Dispose of it. */
export async function loadModel(run: Run, checkpoint: CheckpointRecord): Promise<Model> {
  const { tensors } = await run.readCheckpoint(checkpoint);
  const { side, classes } = run.record.model;
  return Model.restore(run.spec.model, { side, classes }, tensors, run.checkpointFile(checkpoint.name));
}

async function loadTeacher(store: RunStore, { run: id, checkpoint: name, sha256 }: TeacherRecord): Promise<Teacher> {
  const run = store.open(id);
  const checkpoint = run.checkpoint(name);
  if (checkpoint.sha256 !== sha256) {
    throw new LabError(
      'incompatible',
      `Teacher ${id} is not what it was: ${run.checkpointFile(name)} has changed since the student began.`,
      'Distil a new student from it.',
    );
  }
  return { model: await loadModel(run, checkpoint), normalisation: run.spec.data.normalisation };
}

class RunRecorder implements Recorder {
  /** the epoch whose line stands in metrics.jsonl, should its checkpoint be tried again */
  private recorded = 0;

  constructor(private readonly run: Run) {}

  async epoch(record: EpochRecord, evaluation: Evaluation | undefined, state: TrainingState): Promise<void> {
    const { epoch, step, seconds, testErrors, validationErrors } = record;
    if (this.recorded !== epoch) {
      this.run.appendMetrics(record);
      appendToEventFile(this.run, record);
    }
    this.recorded = epoch;
    const checkpoint = {
      name: `epoch-${String(epoch).padStart(4, '0')}`,
      epoch,
      step,
      seconds,
      ...(testErrors === undefined ? {} : { testErrors }),
      ...(validationErrors === undefined ? {} : { validationErrors }),
    };
    await this.run.writeCheckpoint(checkpoint, state, evaluation ?? {});
  }

  async stopped(state: TrainingState, seconds: number): Promise<void> {
    const stepsPerEpoch = Math.ceil(this.run.record.images.training / this.run.spec.training.batchSize);
    const epoch = Math.floor(state.step / stepsPerEpoch);
    const name = `epoch-${String(epoch).padStart(4, '0')}-step-${String(state.step).padStart(8, '0')}`;
    await this.run.writeCheckpoint({ name, epoch, step: state.step, seconds }, state, {});
  }
}

/** A run under way: what happens in it, and the handles to steer it. */
export interface ActiveRun {
  readonly run: Run;
  readonly session: Session;
  /** Trains while it is pulled; what it holds is released when it ends or is returned from. */
  events(): AsyncGenerator<RunEvent, void, void>;
}

/**
 * Makes a run ready to train, from its last checkpoint or from its beginning, and locks it.
 * @param from another checkpoint to go on from; everything after it is trained again
 * @throws LabError when the run is locked, or a checkpoint or teacher cannot be used
 */
export async function activateRun(store: RunStore, run: Run, dataset: Dataset, from?: string): Promise<ActiveRun> {
  if (run.record.imported) {
    throw new LabError(
      'bad-input',
      `Run ${run.id} was read from ${run.record.imported.file}: how it was trained is not known.`,
      'Distil a student from it, or train a network of its shape anew.',
    );
  }
  const lock = run.lock();
  const disposables: { dispose(): void }[] = [];
  const release = (): void => {
    for (const disposable of disposables) disposable.dispose();
    lock.release();
  };
  try {
    // What was read before the lock was taken may have changed since.
    run.record = store.open(run.id).record;
    const checkpoint = from !== undefined || run.record.checkpoints.length > 0 ? run.checkpoint(from) : undefined;
    const session = await prepareSession(store, run, dataset, checkpoint, disposables);
    return { run, session, events: () => record(run, session, release) };
  } catch (error) {
    // Neither a finished run nor one that was asked for another checkpoint is the worse for being refused.
    if (from === undefined && run.record.status !== 'finished') await saveFailure(run, error);
    release();
    throw error;
  }
}

/** @param disposables takes what the session holds, also when this fails */
async function prepareSession(
  store: RunStore,
  run: Run,
  dataset: Dataset,
  checkpoint: CheckpointRecord | undefined,
  disposables: { dispose(): void }[],
): Promise<Session> {
  const state = checkpoint && (await run.readCheckpoint(checkpoint));
  const teachers: Teacher[] = [];
  for (const record of run.record.teachers) {
    const teacher = await loadTeacher(store, record);
    disposables.push(teacher.model);
    teachers.push(teacher);
  }
  const transferSet = selectTransferSet(dataset, run.spec.data);
  const training = new Training(run.spec, dataset, transferSet, teachers, state);
  disposables.push(training);
  await run.rewind(training.step);
  await writeEventFile(run);
  return new Session(run.id, training, dataset, transferSet, new RunRecorder(run), checkpoint?.seconds);
}

async function saveFailure(run: Run, error: unknown): Promise<void> {
  // A full disk cannot take the news either: the run then reads as stopped, and its last checkpoint stands.
  await run.save({ status: 'failed', failure: messageOf(error) }).catch(() => undefined);
}

async function* record(run: Run, session: Session, release: () => void): AsyncGenerator<RunEvent, void, void> {
  try {
    const { failure: _forgotten, ...healthy } = run.record;
    run.record = healthy;
    // Whoever made the run may be another process, with more threads.
    const begins = healthy.checkpoints.length === 0;
    await run.save({ status: 'running', ...(begins ? { environment: await describeEnvironment() } : {}) });
    yield { type: 'status', run: run.id, status: 'running' };
    const finished = yield* session.events();
    const status = finished ? 'finished' : 'stopped';
    await run.save({ status });
    yield { type: 'status', run: run.id, status };
  } catch (error) {
    await saveFailure(run, error);
    yield { type: 'status', run: run.id, status: 'failed', failure: messageOf(error) };
    throw error;
  } finally {
    release();
  }
}
