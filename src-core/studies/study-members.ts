/** Which study a run is of, told by what it is: its spec and, in their turn, its teachers'. */
import { SCALES, STUDIES } from '../contract/scorecard';
import type { RunSpec } from '../contract/spec';
import type { StudyCell } from '../contract/study';
import { expandStudy } from '../contract/study';
import type { Run } from '../experiments/run-store';
import { claimedStudy } from './claimed-studies';

/** A spec as text, with its teachers' texts in their places. */
function identity(spec: RunSpec, teachers: readonly string[]): string {
  const { objective } = spec;
  const taught = objective.kind === 'hard' ? objective : { ...objective, teachers };
  return JSON.stringify({ ...spec, name: '', objective: taught });
}

export class StudyMembers {
  /** names of studies by the identity of their cells */
  private studies: ReadonlyMap<string, string> | undefined;
  /** undefined for a run whose teacher is gone */
  private readonly identities = new Map<string, string | undefined>();

  /** @param open a run by its id; undefined where there is none to read */
  constructor(
    private readonly folder: string,
    private readonly open: (id: string) => Run | undefined,
  ) {}

  /** The studies' seeds are others: they are read anew when they are next needed. */
  forget(): void {
    this.studies = undefined;
  }

  private read(): ReadonlyMap<string, string> {
    const studies = new Map<string, string>();
    for (const name of STUDIES) {
      for (const scale of SCALES) {
        let cells: StudyCell[];
        try {
          cells = expandStudy(claimedStudy(this.folder, name, scale).study);
        } catch {
          // Seeds that cannot be read are said where the scorecard is asked for.
          continue;
        }
        const texts = new Map<string, string>();
        for (const { key, spec, teachers } of cells) {
          const text = identity(
            spec,
            teachers.map((teacher) => texts.get(teacher)!),
          );
          texts.set(key, text);
          if (!studies.has(text)) studies.set(text, `${name}-${scale}`);
        }
      }
    }
    return studies;
  }

  private identityOf(run: Run): string | undefined {
    if (this.identities.has(run.id)) return this.identities.get(run.id);
    const known = run.record.teachers.map(({ run: id }) => {
      if (this.identities.has(id)) return this.identities.get(id);
      const teacher = this.open(id);
      return teacher && this.identityOf(teacher);
    });
    const there = known.filter((text) => text !== undefined);
    const text = there.length === known.length ? identity(run.spec, there) : undefined;
    this.identities.set(run.id, text);
    return text;
  }

  /** Name of the first study that has this run among its cells, finished or not. */
  studyOf(run: Run): string | undefined {
    const text = this.identityOf(run);
    if (text === undefined) return undefined;
    this.studies ??= this.read();
    return this.studies.get(text);
  }
}
