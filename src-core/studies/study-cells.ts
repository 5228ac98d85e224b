/** Which runs of a lab folder are the cells of a study. */
import type { RunSpec } from '../contract/spec';
import type { StudyCell } from '../contract/study';
import type { Run } from '../experiments/run-store';

/** A spec as text: what two runs of the same training share, whatever they are called. */
function textOf(spec: RunSpec): string {
  return JSON.stringify({ ...spec, name: '' });
}

/**
 * The cells' runs by key: of several with a cell's spec the newest that did not fail. A student's is found by way of its
 * teachers', which must be finished.
 * @param cells teachers before their students
 * @param method version that trained them: runs of others are not theirs
 */
export function findCells(cells: readonly StudyCell[], runs: readonly Run[], method: number): Map<string, Run> {
  const bySpec = new Map<string, Run>();
  for (const run of runs) {
    if (run.record.environment.method === method && run.status !== 'failed') bySpec.set(textOf(run.spec), run);
  }
  const found = new Map<string, Run>();
  for (const cell of cells) {
    const teachers = cell.teachers.map((key) => found.get(key));
    if (teachers.some((teacher) => teacher?.status !== 'finished')) continue;
    const { objective } = cell.spec;
    const names = teachers.map((teacher) => `${teacher!.id}@${teacher!.checkpoint().name}`);
    const spec = objective.kind === 'hard' ? cell.spec : { ...cell.spec, objective: { ...objective, teachers: names } };
    const run = bySpec.get(textOf(spec as RunSpec));
    if (run) found.set(cell.key, run);
  }
  return found;
}
