/** The studies that the lab knows, at their scales, with the seeds that a person added. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { LabError, messageOf } from '../contract/errors';
import type { Scale, StudyName } from '../contract/scorecard';
import { SCALES, STUDIES } from '../contract/scorecard';
import type { Study } from '../contract/study';
import { suggestion } from '../contract/suggest';
import { makeFolder, writeAtomically } from '../data/atomic-write';
import { blogStudy } from './blog';
import type { Claim, ClaimedStudy } from './claim';
import { paperSection3 } from './section-3';

const MAKERS: Readonly<Record<StudyName, (scale: Scale) => ClaimedStudy>> = {
  'paper-section-3': paperSection3,
  blog: blogStudy,
};

function oneOf<Name extends string>(what: string, name: string, names: readonly Name[]): Name {
  const found = names.find((each) => each === name);
  if (found !== undefined) return found;
  throw new LabError('bad-input', `There is no ${what} "${name}".`, suggestion(name, names));
}

/** @throws LabError `bad-input` with the nearest name */
export function findStudy(name: string): StudyName {
  return oneOf('study', name, STUDIES);
}

/** @throws LabError `bad-input` with the nearest name */
export function findScale(name: string): Scale {
  return oneOf('scale', name, SCALES);
}

/** @throws LabError `bad-input` with the nearest name */
export function findClaim({ claims }: ClaimedStudy, id: string): Claim {
  return claims.find(
    (claim) =>
      claim.id ===
      oneOf(
        'claim',
        id,
        claims.map((each) => each.id),
      ),
  )!;
}

const seed = v.pipe(
  v.number('must be a whole number'),
  v.integer('must be a whole number'),
  v.minValue(0, 'must be 0 or more'),
  v.maxValue(2 ** 32 - 1, 'must be below 2^32'),
);
const AddedSchema = v.strictObject(
  { addedSeeds: v.record(v.string(), v.array(seed, 'must be a list of seeds'), 'must be an object of seeds by group') },
  'must be an object',
);

function addedFile(folder: string, name: string): string {
  return join(folder, 'studies', `${name}.json`);
}

/**
 * Seeds that were added to a study's groups; none where nothing was.
 * @throws LabError `damaged-file` that names the field and what is wrong with it
 */
function readAdded(folder: string, study: Study): Readonly<Record<string, readonly number[]>> {
  const file = addedFile(folder, study.name);
  if (!existsSync(file)) return {};
  const refuse = (what: string): LabError =>
    new LabError('damaged-file', `${file}: ${what}.`, 'Mend it, or delete it: then no seeds are added.');
  let input: unknown;
  try {
    input = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw refuse(messageOf(error).replaceAll(/\s+/g, ' '));
  }
  const result = v.safeParse(AddedSchema, input, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const field = issue.type === 'strict_object' && issue.path !== undefined;
    const what = field ? (issue.expected === 'never' ? 'is not a field' : 'is missing') : issue.message;
    throw refuse(`${v.getDotPath(issue) ?? 'it'} ${what}`);
  }
  for (const group of Object.keys(result.output.addedSeeds)) {
    if (!Object.hasOwn(study.groups, group)) {
      throw new LabError(
        'damaged-file',
        `${file}: addedSeeds.${group} is not a group of the study.`,
        suggestion(group, Object.keys(study.groups)),
      );
    }
  }
  return result.output.addedSeeds;
}

function withSeeds(study: Study, added: Readonly<Record<string, readonly number[]>>): Study {
  const groups = Object.entries(study.groups).map(([name, group]) => {
    const seeds = [...new Set([...(group.seeds ?? study.seeds), ...(added[name] ?? [])])];
    return [name, { ...group, seeds }] as const;
  });
  return { ...study, groups: Object.fromEntries(groups) };
}

/**
 * A study at a scale, with the seeds that a lab folder adds.
 * @throws LabError `damaged-file` when what adds them cannot be read
 */
export function claimedStudy(folder: string, name: StudyName, scale: Scale): ClaimedStudy {
  const { study, claims } = MAKERS[name](scale);
  return { study: withSeeds(study, readAdded(folder, study)), claims };
}

/** Groups and whoever teaches them. */
function withTeachers(study: Study, groups: readonly string[]): Set<string> {
  const all = new Set<string>();
  const add = (name: string): void => {
    if (all.has(name)) return;
    all.add(name);
    const objective = study.groups[name]!.spec['objective'] as { teachers?: readonly string[] } | undefined;
    for (const teacher of objective?.teachers ?? []) {
      // A teacher of given seeds needs no others.
      if (!teacher.includes('/')) add(teacher.slice(1));
    }
  };
  for (const group of groups) add(group);
  return all;
}

/**
 * Adds the next seed to everything that a claim rests on, for good.
 * @returns the seed
 * @throws LabError as `claimedStudy`, and `storage`
 */
export async function addSeed(folder: string, name: StudyName, scale: Scale, claim: Claim): Promise<number> {
  const { study } = claimedStudy(folder, name, scale);
  const groups = [...withTeachers(study, claim.groups)];
  const next = 1 + Math.max(...claim.groups.flatMap((group) => study.groups[group]!.seeds ?? study.seeds));
  const added = { ...readAdded(folder, study) };
  for (const group of groups) {
    if (!(study.groups[group]!.seeds ?? study.seeds).includes(next)) added[group] = [...(added[group] ?? []), next];
  }
  makeFolder(join(folder, 'studies'));
  await writeAtomically(addedFile(folder, study.name), `${JSON.stringify({ addedSeeds: added }, undefined, 2)}\n`);
  return next;
}
