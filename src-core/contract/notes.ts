/** What a person adds to a run, as it stands in notes.json. */
import * as v from 'valibot';
import { LabError } from './errors';
import type { RunNotes } from './rpc';

/**
 * Text that stands in lists and sentences: without control characters, which a terminal would obey, and without those
 * that turn the direction of what follows them.
 */
export function plainText(text: string): string {
  return text.replaceAll(/[\t\n\r]+/g, ' ').replaceAll(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, '');
}

const plain = v.transform(plainText);

const RunNotesSchema = v.object({
  title: v.pipe(v.string('must be text'), v.maxLength(120, 'must have at most 120 characters'), plain),
  tags: v.pipe(
    v.array(
      v.pipe(v.string('must be text'), v.maxLength(40, 'must have at most 40 characters'), plain),
      'must be a list',
    ),
    v.maxLength(20, 'must have at most 20 entries'),
  ),
  note: v.pipe(v.string('must be text'), v.maxLength(20_000, 'must have at most 20000 characters'), plain),
  star: v.boolean('must be true or false'),
});

/**
 * Checks notes, complete or changed in part.
 * @param former stands where a field is left out
 * @throws LabError `bad-input` that names the field
 */
export function parseRunNotes(input: unknown, former: RunNotes): RunNotes {
  const result = v.safeParse(RunNotesSchema, typeof input === 'object' ? { ...former, ...input } : input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new LabError('bad-input', `${v.getDotPath(issue) ?? 'notes'} ${issue.message}.`);
}
