/** Asks before something is deleted for good. */
import { createInterface } from 'node:readline/promises';
import { LabError } from '../contract/errors';

/**
 * @param what is deleted, for the question
 * @throws LabError `cancelled` when nobody can be asked, or the answer is not yes
 */
export async function confirmDeletion(what: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new LabError('cancelled', 'Nothing was deleted: nobody can be asked here.', 'Add --yes to delete.');
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`Delete ${what} for good? [y/N] `);
  prompt.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new LabError('cancelled', 'Nothing was deleted.');
}
