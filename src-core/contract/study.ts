/**
 * A study is one plain JSON: groups of runs, each a spec, a grid over its fields, and seeds. It expands into runs that
 * are named by what they are, so that what is done already is found again.
 */
import * as v from 'valibot';
import { LabError } from './errors';
import { withValue } from './paths';
import type { RunSpec } from './spec';
import { parseRunSpec } from './spec';
import { suggestion } from './suggest';

/** Runs a study may have. */
const MOST_RUNS = 5000;

const seeds = v.pipe(
  v.array(
    v.pipe(
      v.number('must be a whole number'),
      v.integer('must be a whole number'),
      v.minValue(0, 'must be 0 or more'),
      v.maxValue(2 ** 32 - 1, 'must be below 2^32'),
    ),
    'must be a list of seeds',
  ),
  v.minLength(1, 'must name a seed'),
);

const GroupSchema = v.strictObject(
  {
    /** a run's spec without its seed; a teacher is "@group" (of the same seed), "@group/*" (of all) or "@group/1,2" */
    spec: v.record(v.string(), v.unknown(), 'must be an object'),
    /** values of fields by path, such as {"objective.temperature": [1, 20]}: every combination is a run */
    grid: v.optional(
      v.record(
        v.string(),
        v.pipe(v.array(v.unknown(), 'must be a list of values'), v.minLength(1, 'must have a value')),
      ),
      {},
    ),
    /** instead of the study's */
    seeds: v.exactOptional(seeds),
  },
  'must be an object',
);

const StudySchema = v.strictObject(
  {
    name: v.pipe(
      v.string('must be text'),
      v.regex(/^[a-z0-9][a-z0-9-]{0,79}$/, 'must be lower-case letters, digits and dashes'),
    ),
    seeds,
    groups: v.record(
      v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes')),
      GroupSchema,
      'must be an object of groups',
    ),
  },
  'must be an object',
);

export type Study = v.InferOutput<typeof StudySchema>;

/** One run of a study. */
export interface StudyCell {
  /** group, values and seed in words: unique in the study */
  readonly key: string;
  readonly group: string;
  /** values of the grid's fields by path */
  readonly values: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** teachers are still references to cells, by key */
  readonly spec: RunSpec;
  /** keys of the cells whose runs teach this one */
  readonly teachers: readonly string[];
}

type Json = Record<string, unknown>;

/** Every combination of a grid's values. */
function combinations(grid: Readonly<Record<string, readonly unknown[]>>): Json[] {
  return Object.entries(grid).reduce<Json[]>(
    (sofar, [path, values]) => sofar.flatMap((chosen) => values.map((value) => ({ ...chosen, [path]: value }))),
    [{}],
  );
}

function keyOf(group: string, values: Readonly<Json>, seed: number): string {
  const chosen = Object.entries(values).map(([path, value]) => `${path}=${JSON.stringify(value)}`);
  return [group, ...chosen, `seed=${seed}`].join(' ');
}

function seedsOf(study: Study, group: string): readonly number[] {
  return study.groups[group]!.seeds ?? study.seeds;
}

/** The cells that a teacher's reference means to a run of a seed. */
function referred(study: Study, reference: unknown, group: string, seed: number): string[] {
  const match = typeof reference === 'string' ? /^@([a-z0-9-]+)(?:\/(\*|\d+(?:,\d+)*))?$/.exec(reference) : null;
  if (!match) {
    throw new LabError(
      'bad-input',
      `groups.${group}: teacher ${JSON.stringify(reference)} is not a group of the study.`,
      'Write "@group" for the run of the same seed, "@group/*" for the runs of all seeds, "@group/1,2" for some.',
    );
  }
  const [, name, which] = match as unknown as [string, string, string?];
  const teacher = study.groups[name];
  if (!teacher) {
    throw new LabError(
      'bad-input',
      `groups.${group}: there is no group "${name}" to learn from.`,
      suggestion(name, Object.keys(study.groups)),
    );
  }
  if (Object.keys(teacher.grid).length > 0) {
    throw new LabError(
      'bad-input',
      `groups.${group}: the group "${name}" has a grid, and which run of it teaches is open.`,
    );
  }
  const available = seedsOf(study, name);
  const wanted = which === undefined ? [seed] : which === '*' ? available : which.split(',').map(Number);
  const missing = wanted.find((each) => !available.includes(each));
  if (missing !== undefined) {
    throw new LabError(
      'bad-input',
      `groups.${group}: seed ${missing} has no teacher in "${name}", whose seeds are ${available.join(', ')}.`,
    );
  }
  return wanted.map((each) => keyOf(name, {}, each));
}

/**
 * The runs of a study in the order in which they are trained: all groups at their first seed, then at the next, and
 * teachers before their students.
 * @throws LabError `bad-input` when a group learns from itself, from what is not there, or there are too many runs
 */
export function expandStudy(study: Study): StudyCell[] {
  const count = Object.entries(study.groups).reduce(
    (sum, [name, { grid }]) =>
      sum + seedsOf(study, name).length * Object.values(grid).reduce((product, { length }) => product * length, 1),
    0,
  );
  if (count === 0) throw new LabError('bad-input', `Study ${study.name} has no runs.`, 'Give it a group.');
  if (count > MOST_RUNS) {
    throw new LabError(
      'bad-input',
      `Study ${study.name} would have ${count} runs, and at most ${MOST_RUNS} are allowed.`,
      'Shorten a grid, or drop seeds.',
    );
  }
  const cells = Object.entries(study.groups).flatMap(([group, { spec, grid }]) =>
    combinations(grid).flatMap((values) => {
      const chosen = Object.entries(values).reduce<Json>((sofar, [path, value]) => withValue(sofar, path, value), spec);
      const references = (chosen['objective'] as Json | undefined)?.['teachers'];
      // Seeds differ in nothing that needs checking: a spec is read once for all of them.
      let read: RunSpec | undefined;
      return seedsOf(study, group).map((seed): StudyCell => {
        const teachers = Array.isArray(references)
          ? references.flatMap((reference) => referred(study, reference, group, seed))
          : [];
        try {
          read ??= parseRunSpec({ ...chosen, seed, ...taughtBy(chosen['objective'] as Json, teachers) });
        } catch (error) {
          throw error instanceof LabError
            ? new LabError(error.code, `groups.${group}: ${error.what}`, error.remedy)
            : error;
        }
        const of = { ...read, seed, ...taughtBy(read.objective, teachers) };
        return { key: keyOf(group, values, seed), group, values, seed, spec: of, teachers };
      });
    }),
  );
  // A study that is stopped early then has a first number everywhere rather than a few numbers of all seeds.
  const rank = ({ group, seed }: StudyCell): number => seedsOf(study, group).indexOf(seed);
  return teachersFirst([...cells].sort((first, second) => rank(first) - rank(second)));
}

function taughtBy<Objective extends object>(
  objective: Objective,
  teachers: readonly string[],
): { objective?: Objective } {
  return teachers.length > 0 ? { objective: { ...objective, teachers } } : {};
}

/** The cells of some groups and of whoever teaches them, in the order in which they are trained. */
export function cellsOf(cells: readonly StudyCell[], groups: readonly string[]): StudyCell[] {
  const byKey = new Map(cells.map((cell) => [cell.key, cell]));
  const needed = new Set<StudyCell>();
  const need = (cell: StudyCell): void => {
    if (needed.has(cell)) return;
    needed.add(cell);
    for (const teacher of cell.teachers) need(byKey.get(teacher)!);
  };
  for (const cell of cells) if (groups.includes(cell.group)) need(cell);
  return cells.filter((cell) => needed.has(cell));
}

/** In the order in which they stand, except that whoever teaches comes before whom it teaches. */
function teachersFirst(cells: readonly StudyCell[]): StudyCell[] {
  const byKey = new Map(cells.map((cell) => [cell.key, cell]));
  const ordered = new Set<StudyCell>();
  const place = (cell: StudyCell, students: readonly StudyCell[]): void => {
    if (ordered.has(cell)) return;
    if (students.includes(cell)) {
      const circle = students.slice(students.indexOf(cell)).map(({ group }) => group);
      throw new LabError(
        'bad-input',
        `The groups ${[...new Set(circle)].join(', ')} learn from each other in a circle.`,
      );
    }
    for (const teacher of cell.teachers) place(byKey.get(teacher)!, [...students, cell]);
    ordered.add(cell);
  };
  for (const cell of cells) place(cell, []);
  return [...ordered];
}

/**
 * Checks a study at the door.
 * @throws LabError `bad-input` that names the field and what is wrong with it
 */
export function parseStudy(input: unknown): Study {
  const result = v.safeParse(StudySchema, input);
  if (result.success) return result.output;
  // A misspelt field is unknown and the right one missing: the first says more.
  const issue =
    result.issues.find(({ type, expected }) => type === 'strict_object' && expected === 'never') ?? result.issues[0];
  const where = v.getDotPath(issue) ?? 'study';
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    throw new LabError('bad-input', `Unknown field "${where}" in the study.`);
  }
  throw new LabError('bad-input', `${where} ${issue.message}.`);
}
