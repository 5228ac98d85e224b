import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseRunSpec } from '../../../src-core/contract/spec';
import { expandStudy } from '../../../src-core/contract/study';
import type { Run } from '../../../src-core/experiments/run-store';
import { claimedStudy } from '../../../src-core/studies/claimed-studies';
import { StudyMembers } from '../../../src-core/studies/study-members';

const folder = mkdtempSync(join(tmpdir(), 'distill-lab-members-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cells = expandStudy(claimedStudy(folder, 'paper-section-3', 'minutes').study);
const specOf = (key: string) => cells.find((cell) => cell.key === key)!.spec;

/** @returns what is said of a run by its id */
function studyOf(
  runs: Readonly<Record<string, { spec: unknown; teachers?: readonly string[] }>>,
): (id: string) => string | undefined {
  const open = (id: string): Run | undefined => {
    const found = runs[id];
    if (!found) return undefined;
    const teachers = (found.teachers ?? []).map((run) => ({ run, checkpoint: 'epoch-0020', sha256: '' }));
    return { id, spec: parseRunSpec(found.spec), record: { teachers } } as unknown as Run;
  };
  const members = new StudyMembers(folder, open);
  return (id) => members.studyOf(open(id)!);
}

const teacher = { spec: { ...specOf('teacher seed=1'), name: 'named by hand' } };
const student = specOf('student seed=1');
const taught = (by: string) => ({
  spec: { ...student, objective: { ...student.objective, teachers: [`${by}@epoch-0020`] } },
  teachers: [by],
});

describe('which study a run is of', () => {
  it('is told by its spec, whatever its name, and by its teacher’s', () => {
    const of = studyOf({
      t: teacher,
      s: taught('t'),
      other: { spec: { ...teacher.spec, seed: 99 } },
      o: taught('other'),
    });
    expect(of('t')).toBe('paper-section-3-minutes');
    expect(of('s')).toBe('paper-section-3-minutes');
    expect(of('other')).toBeUndefined();
    expect(of('o')).toBeUndefined();
  });

  it('is not known of a run whose teacher is gone', () => {
    expect(studyOf({ s: taught('gone') })('s')).toBeUndefined();
  });
});
