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

function members(runs: Readonly<Record<string, { spec: unknown; teachers?: readonly string[] }>>): StudyMembers {
  return new StudyMembers(folder, (id) => {
    const found = runs[id];
    if (!found) return undefined;
    const teachers = (found.teachers ?? []).map((run) => ({ run, checkpoint: 'epoch-0020', sha256: '' }));
    return { id, spec: parseRunSpec(found.spec), record: { teachers } } as unknown as Run;
  });
}

const teacher = { spec: { ...specOf('teacher seed=1'), name: 'named by hand' } };
const student = specOf('student seed=1');
const taught = (by: string) => ({
  spec: { ...student, objective: { ...student.objective, teachers: [`${by}@epoch-0020`] } },
  teachers: [by],
});

describe('which study a run is of', () => {
  it('is told by its spec, whatever its name, and by its teacher’s', () => {
    const known = members({
      t: teacher,
      s: taught('t'),
      other: { spec: { ...teacher.spec, seed: 99 } },
      o: taught('other'),
    });
    expect(known.studyOf('t')).toBe('paper-section-3-minutes');
    expect(known.studyOf('s')).toBe('paper-section-3-minutes');
    expect(known.studyOf('other')).toBeUndefined();
    expect(known.studyOf('o')).toBeUndefined();
  });

  it('is not known of a run whose teacher is gone', () => {
    expect(members({ s: taught('gone') }).studyOf('s')).toBeUndefined();
  });
});
