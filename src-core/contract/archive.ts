/** The manifest of a run archive: which runs it holds, and what each of its files is. */
import * as v from 'valibot';

export const ARCHIVE_FORMAT = 'distill-lab-archive-1';

const ManifestSchema = v.object(
  {
    format: v.literal(ARCHIVE_FORMAT, 'it is not an archive that this version of the lab reads'),
    runs: v.pipe(
      v.array(
        v.pipe(v.string('it names no run'), v.regex(/^\d{4,}-[\w-]+$/, 'it names a run as none is named')),
        'its manifest lists no runs',
      ),
      v.minLength(1, 'it holds no run'),
    ),
    files: v.record(
      v.string(),
      v.object({
        bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
        sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
      }),
      'its manifest lists no files',
    ),
  },
  'its manifest is none',
);

/** Runs by their ids, teachers first; size and sha256 of every file by its path in the archive. */
export type ArchiveManifest = v.InferOutput<typeof ManifestSchema>;

/** @throws Error that says what is wrong, without the file's name */
export function parseArchiveManifest(input: unknown): ArchiveManifest {
  const result = v.safeParse(ManifestSchema, input, { abortEarly: true });
  if (!result.success) throw new Error(result.issues[0].message);
  return result.output;
}
