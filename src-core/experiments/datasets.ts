/** Data sets of a lab folder: datasets/NAME/ with dataset.json and four IDX files; and MNIST, which is always there. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetFile, DatasetRecord } from '../contract/dataset';
import { checkDatasetName, DATASET_FILES, DATASET_NAME, MNIST, parseDatasetRecord } from '../contract/dataset';
import { LabError, messageOf } from '../contract/errors';
import type { DatasetEntry } from '../contract/rpc';
import type { RunRecord } from '../contract/run';
import { suggestion } from '../contract/suggest';
import { makeFolder, storageError, writeAtomically } from '../data/atomic-write';
import type { Dataset } from '../data/dataset';
import { countsOf } from '../data/dataset';
import { encodeIdx, parseIdx } from '../data/idx';
import { loadMnist, mnistFolder } from '../data/mnist';
import { sha256Of } from '../data/read-file';

/** Data sets that stay in memory: two runs side by side are of two at most. */
const MOST_LOADED = 2;

const DESCRIPTION = 'dataset.json';

/** Of a whole data set: of what its files hold. */
function digestOf(record: DatasetRecord): string {
  return sha256Of(DATASET_FILES.map((file) => record.files[file]).join('\n'));
}

export class Datasets {
  private readonly folder: string;
  private readonly loaded = new Map<string, Dataset>();

  /** @param lab the lab folder */
  constructor(lab: string) {
    this.folder = join(lab, 'datasets');
  }

  /** Names of those that were added, sorted. */
  private added(): string[] {
    let names: string[];
    try {
      names = readdirSync(this.folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw storageError(error, this.folder);
    }
    return names.filter((name) => DATASET_NAME.test(name) && name !== MNIST).sort();
  }

  /** MNIST, and what was added, sorted. */
  names(): string[] {
    return [MNIST, ...this.added()];
  }

  /** @throws LabError `not-found` or `damaged-file` */
  record(name: string): DatasetRecord {
    if (!this.added().includes(name)) {
      throw new LabError('not-found', `There is no data set “${name}” in this lab.`, this.wayTo(name));
    }
    const file = join(this.folder, name, DESCRIPTION);
    try {
      const record = parseDatasetRecord(JSON.parse(readFileSync(file, 'utf8')));
      if (record.name !== name) throw new Error(`it describes the data set “${record.name}”`);
      return record;
    } catch (error) {
      throw new LabError(
        'damaged-file',
        `Data set ${name} cannot be read: ${file}: ${messageOf(error)}.`,
        `Delete it with \`npm run lab -- datasets delete ${name}\` and add it again.`,
        { cause: error },
      );
    }
  }

  private wayTo(name: string): string {
    return suggestion(name, this.names()) || 'Add it: `npm run lab -- datasets add`.';
  }

  list(): DatasetEntry[] {
    const mnist = {
      name: MNIST,
      side: 28,
      classNames: Array.from({ length: 10 }, (_, digit) => String(digit)),
      history: ['The original files (LeCun, Cortes and Burges 1998).'],
    };
    const others = this.added().map((name) => {
      try {
        const { side, classNames, train, test, importedAt, history } = this.record(name);
        return { name, side, classNames, counts: { train, test }, importedAt, history };
      } catch (error) {
        return { name, damage: messageOf(error) };
      }
    });
    return [mnist, ...others];
  }

  /** @throws LabError `not-found` or `damaged-file` */
  readonly classesOf = (name: string): number => (name === MNIST ? 10 : this.record(name).classNames.length);

  /**
   * A data set's images and labels, checked against their hashes when they are read first.
   * @throws LabError `not-found` or `damaged-file`
   */
  open(name: string): Dataset {
    const kept = this.loaded.get(name);
    // Another process may have replaced it.
    const record = name === MNIST ? undefined : this.record(name);
    const dataset = kept && kept.sha256 === (record && digestOf(record)) ? kept : this.read(record);
    this.loaded.delete(name);
    this.loaded.set(name, dataset);
    const [oldest] = this.loaded.keys();
    if (oldest !== undefined && this.loaded.size > MOST_LOADED) this.loaded.delete(oldest);
    return dataset;
  }

  private read(record: DatasetRecord | undefined): Dataset {
    if (!record) return loadMnist(mnistFolder());
    const { name, side, classNames } = record;
    const arrayOf = (file: DatasetFile, shape: (count: number) => number[]): Uint8Array => {
      const path = join(this.folder, name, file);
      let bytes: Uint8Array;
      try {
        bytes = readFileSync(path);
      } catch (error) {
        throw storageError(error, path);
      }
      const remedy = `Delete it with \`npm run lab -- datasets delete ${name}\` and add it again.`;
      if (sha256Of(bytes) !== record.files[file]) {
        throw new LabError('damaged-file', `${path} has changed since the data set was added.`, remedy);
      }
      const array = parseIdx(bytes, path);
      if (array.shape.join() !== shape(array.shape[0]!).join()) {
        throw new LabError('damaged-file', `${path} holds ${array.shape.join('×')} values.`, remedy);
      }
      return array.values;
    };
    const part = (of: 'train' | 'test') => ({
      images: arrayOf(`${of}-images.idx`, (count) => [count, side, side]),
      labels: arrayOf(`${of}-labels.idx`, (count) => [count]),
    });
    const dataset = {
      name,
      side,
      classes: classNames.length,
      classNames,
      sha256: digestOf(record),
      train: part('train'),
      test: part('test'),
    };
    for (const of of ['train', 'test'] as const) {
      if (countsOf(dataset[of], dataset.classes).join() !== record[of].join()) {
        throw new LabError('damaged-file', `The labels of data set ${name} are not those that ${DESCRIPTION} counts.`);
      }
    }
    return dataset;
  }

  /**
   * The data set of a run, the same as when the run was made.
   * @throws LabError as `open`, and `incompatible`
   */
  of({ id, spec, dataset }: Pick<RunRecord, 'id' | 'spec' | 'dataset'>): Dataset {
    const { dataset: name } = spec.data;
    const found = this.open(name);
    if (dataset && found.sha256 !== dataset.sha256) {
      throw new LabError(
        'incompatible',
        `Run ${id} is of another data set that was called “${name}” too: its images or labels are not these.`,
        'Add the data set from which it was made, in the place of this one.',
      );
    }
    return found;
  }

  /**
   * The data set that some runs have in common.
   * @param runs one at least
   * @throws LabError as `of`, and `incompatible` when they have none
   */
  ofAll(runs: readonly Pick<RunRecord, 'id' | 'spec' | 'dataset'>[]): Dataset {
    const [first, ...others] = runs;
    const dataset = this.of(first!);
    for (const run of others) {
      if (this.of(run) === dataset) continue;
      throw new LabError(
        'incompatible',
        `Run ${first!.id} is of the data set ${dataset.name}, run ${run.id} of ${run.spec.data.dataset}.`,
        'Only runs on the same test images stand side by side.',
      );
    }
    return dataset;
  }

  /** @throws LabError `bad-input` for a name that cannot be one, or that is taken */
  checkFree(name: string): string {
    const kept = checkDatasetName(name);
    if (!existsSync(join(this.folder, kept))) return kept;
    throw new LabError(
      'bad-input',
      `There is a data set “${kept}” already.`,
      'Choose another name, or delete it first.',
    );
  }

  /**
   * Keeps a data set. Its folder appears whole or not at all, and never in the place of another.
   * @throws LabError `bad-input` or `storage`
   */
  async add(dataset: Omit<Dataset, 'sha256'>, history: readonly string[]): Promise<DatasetRecord> {
    const name = this.checkFree(dataset.name);
    const { side, classes, classNames } = dataset;
    makeFolder(this.folder);
    const draft = join(this.folder, `.new-${name}-${process.pid}`);
    const written: Partial<Record<DatasetFile, string>> = {};
    try {
      mkdirSync(draft);
      const keep = async (file: DatasetFile, shape: readonly number[], values: Uint8Array): Promise<void> => {
        const bytes = encodeIdx({ shape, values });
        written[file] = sha256Of(bytes);
        await writeAtomically(join(draft, file), bytes);
      };
      for (const of of ['train', 'test'] as const) {
        const { images, labels } = dataset[of];
        await keep(`${of}-images.idx`, [labels.length, side, side], images);
        await keep(`${of}-labels.idx`, [labels.length], labels);
      }
      const record = parseDatasetRecord({
        format: 1,
        name,
        side,
        classNames,
        train: countsOf(dataset.train, classes),
        test: countsOf(dataset.test, classes),
        importedAt: new Date().toISOString(),
        history,
        files: written,
      });
      await writeAtomically(join(draft, DESCRIPTION), `${JSON.stringify(record, null, 2)}\n`);
      this.checkFree(name);
      renameSync(draft, join(this.folder, name));
      return record;
    } catch (error) {
      throw storageError(error, join(this.folder, name));
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }

  private get bin(): string {
    return join(this.folder, '.bin');
  }

  private move(from: string, to: string): void {
    try {
      renameSync(from, to);
    } catch (error) {
      throw storageError(error, from);
    }
  }

  /**
   * Moves a data set to the bin; runs of it keep their results.
   * @throws LabError `not-found`, `bad-input` for MNIST, or `storage`
   */
  delete(name: string): void {
    if (name === MNIST) throw new LabError('bad-input', 'MNIST cannot be deleted: it comes with the lab.');
    if (!this.added().includes(name)) {
      throw new LabError('not-found', `There is no data set “${name}” in this lab.`, suggestion(name, this.added()));
    }
    makeFolder(this.bin);
    rmSync(join(this.bin, name), { recursive: true, force: true });
    this.move(join(this.folder, name), join(this.bin, name));
    this.loaded.delete(name);
  }

  /**
   * Brings a data set back from the bin.
   * @throws LabError `not-found`, or `bad-input` when its name was given to another meanwhile
   */
  undelete(name: string): void {
    if (!DATASET_NAME.test(name) || !existsSync(join(this.bin, name))) {
      throw new LabError('not-found', `Data set “${name}” is not in the bin (any more).`);
    }
    this.checkFree(name);
    this.move(join(this.bin, name), join(this.folder, name));
  }

  /** Deletes for good what is in the bin. */
  emptyBin(): void {
    try {
      rmSync(this.bin, { recursive: true, force: true });
    } catch (error) {
      throw storageError(error, this.bin);
    }
  }
}
