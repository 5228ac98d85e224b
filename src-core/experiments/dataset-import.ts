/** A source of images that was read, and waits for a person's choices: nothing is written before them. */
import { basename } from 'node:path';
import type { DatasetRecord, ImportChoices, ImportPreview } from '../contract/dataset';
import { parseImportChoices } from '../contract/dataset';
import type { FoundSource, Reading } from '../data/image-source';
import { datasetOf, previewOf } from '../data/image-source';
import { nameFor, readSource } from '../data/read-source';
import type { Datasets } from './datasets';

export interface SourcePaths {
  /** a folder of PNG files by class, a folder of IDX files, an .npz, .csv or IDX file */
  readonly path: string;
  /** the same for test images, where they are kept apart */
  readonly testPath?: string;
}

/** What was done to a source, for whoever reads of it later. */
function historyOf(source: FoundSource, { path, testPath }: SourcePaths, choices: ImportChoices): string[] {
  const { train, test, found } = source;
  const from = [path, ...(testPath === undefined ? [] : [testPath])].map((file) => basename(file)).join(' and ');
  const leftOut = choices.classNames.filter((name) => name === '').length;
  return [
    `Read from ${from} (${found.join('; ')}): ${train.labels.length + (test?.labels.length ?? 0)} images.`,
    ...(leftOut > 0 ? [`Images of ${leftOut} labels were left out.`] : []),
    ...(test ? [] : [`${choices.testShare} of each class became test images, drawn by seed ${choices.seed}.`]),
    ...(choices.inverted ? ['Black and white were exchanged.'] : []),
    ...(choices.transposed ? ['Rows and columns were exchanged.'] : []),
  ];
}

export class DatasetImport {
  readonly preview: ImportPreview;

  private constructor(
    private readonly paths: SourcePaths,
    private readonly source: FoundSource,
  ) {
    this.preview = previewOf(source, nameFor(paths.path));
  }

  /** @throws LabError that names the file and what is wrong with it, and `cancelled` */
  static async read(paths: SourcePaths, reading: Reading = {}): Promise<DatasetImport> {
    return new DatasetImport(paths, await readSource(paths.path, paths.testPath, reading));
  }

  /**
   * Writes the data set that the choices make of the source.
   * @param input checked here
   * @throws LabError; then nothing was written
   */
  async add(datasets: Datasets, name: string, input: unknown): Promise<DatasetRecord> {
    const free = datasets.checkFree(name);
    const choices = parseImportChoices(input, this.preview.classes.length);
    return datasets.add(datasetOf(this.source, free, choices), historyOf(this.source, this.paths, choices));
  }
}
