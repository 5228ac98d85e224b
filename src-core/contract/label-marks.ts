/** Images whose labels a person thinks wrong: they change no training and no official number. */
import * as v from 'valibot';

export interface LabelMarks {
  /** positions in the training set, ascending */
  readonly train: readonly number[];
  readonly test: readonly number[];
}

export const NO_MARKS: LabelMarks = { train: [], test: [] };

const position = v.pipe(v.number(), v.integer(), v.minValue(0));
const FileSchema = v.object({
  format: v.literal(1),
  /** hash of the data set; null for MNIST */
  dataset: v.nullable(v.string()),
  train: v.array(position),
  test: v.array(position),
});

/**
 * @param sha256 of the data set as it is now; undefined for MNIST
 * @throws Error that says what is wrong, without the file's name
 */
export function parseLabelMarks(input: unknown, sha256: string | undefined): LabelMarks {
  const result = v.safeParse(FileSchema, input);
  if (!result.success) throw new Error('it holds no marks of labels');
  const { dataset, train, test } = result.output;
  if (dataset !== (sha256 ?? null)) throw new Error('it is of another data set of that name');
  const ascending = (positions: number[]): number[] => [...new Set(positions)].sort((a, b) => a - b);
  return { train: ascending(train), test: ascending(test) };
}
