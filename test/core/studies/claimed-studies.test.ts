import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { SCALES, STUDIES } from '../../../src-core/contract/scorecard';
import { expandStudy } from '../../../src-core/contract/study';
import { addSeed, claimedStudy, findClaim, findScale, findStudy } from '../../../src-core/studies/claimed-studies';
import { expectLabError, rejectionOf, thrownBy } from '../lab-error';

const parent = mkdtempSync(join(tmpdir(), 'distill-lab-claimed-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'lab-'));
});

function seedsByGroup(lab: string): Record<string, readonly number[]> {
  const { study } = claimedStudy(lab, 'paper-section-3', 'hours');
  return Object.fromEntries(Object.entries(study.groups).map(([name, { seeds }]) => [name, seeds!]));
}

function writeAdded(text: string): void {
  mkdirSync(join(folder, 'studies'), { recursive: true });
  writeFileSync(join(folder, 'studies', 'paper-section-3-hours.json'), text);
}

describe('every study at every scale', () => {
  it.each(STUDIES.flatMap((name) => SCALES.map((scale) => [name, scale] as const)))('%s, %s', (name, scale) => {
    const { study, claims } = claimedStudy(folder, name, scale);
    const groups = new Set(expandStudy(study).map(({ group }) => group));
    expect(new Set(claims.map(({ id }) => id)).size).toBe(claims.length);
    for (const claim of claims) {
      for (const group of [...claim.groups, ...claim.figures.map((figure) => figure.group)]) {
        expect(groups).toContain(group);
      }
      // What has a number must be among what the claim trains.
      for (const { group } of claim.figures) expect(claim.groups).toContain(group);
    }
  });
});

describe('a name that does not exist', () => {
  it.each<[string, () => unknown, string, string]>([
    ['study', () => findStudy('paper-section-4'), 'There is no study "paper-section-4".', 'paper-section-3'],
    ['scale', () => findScale('hour'), 'There is no scale "hour".', 'hours'],
    [
      'claim',
      () => findClaim(claimedStudy(folder, 'paper-section-3', 'hours'), 'omited-3'),
      'There is no claim "omited-3".',
      'omitted-3',
    ],
  ])('of a %s is refused with the nearest', (_, find, what, nearest) => {
    const error = thrownBy(find);
    expectLabError(error, 'bad-input', what);
    expect(error).toMatchObject({ remedy: expect.stringContaining(nearest) as string });
  });
});

describe('seeds that were added', () => {
  it('reach a claim’s groups and whoever teaches them, for good; nothing else changes', async () => {
    const before = seedsByGroup(folder);
    const claim = findClaim(claimedStudy(folder, 'paper-section-3', 'hours'), 'omitted-3');
    expect(await addSeed(folder, 'paper-section-3', 'hours', claim)).toBe(4);
    // The teacher has five seeds already.
    expect(seedsByGroup(folder)).toEqual({ ...before, 'no-3': [1, 2, 3, 4], 'hard-no-3': [1, 2, 3, 4] });
    expect([
      await addSeed(folder, 'paper-section-3', 'hours', claim),
      await addSeed(folder, 'paper-section-3', 'hours', claim),
    ]).toEqual([5, 6]);
    const after = seedsByGroup(folder);
    expect(after['no-3']).toEqual([1, 2, 3, 4, 5, 6]);
    expect(after['teacher']).toEqual([1, 2, 3, 4, 5, 6]);
    const changed = Object.keys(before).filter((name) => after[name]!.length !== before[name]!.length);
    expect(changed.sort()).toEqual(['hard-no-3', 'no-3', 'teacher']);
    expect(expandStudy(claimedStudy(folder, 'paper-section-3', 'hours').study).map(({ key }) => key)).toContain(
      'no-3 seed=6',
    );
  });

  it('leave an ensemble its teachers', async () => {
    const teachersOf = (): (readonly string[])[] =>
      expandStudy(claimedStudy(folder, 'paper-section-3', 'hours').study)
        .filter(({ group, seed }) => group === 'ensemble' && seed === 1)
        .map(({ teachers }) => teachers);
    const before = teachersOf();
    expect(before[0]).toHaveLength(5);
    const teacher = findClaim(claimedStudy(folder, 'paper-section-3', 'hours'), 'teacher');
    expect(await addSeed(folder, 'paper-section-3', 'hours', teacher)).toBe(6);
    expect(seedsByGroup(folder)['teacher']).toContain(6);
    expect(teachersOf()).toEqual(before);
  });

  it('stand in a file that a person can read, one for each scale', async () => {
    const claim = findClaim(claimedStudy(folder, 'paper-section-3', 'hours'), 'baseline');
    await addSeed(folder, 'paper-section-3', 'hours', claim);
    const file = join(folder, 'studies', 'paper-section-3-hours.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ addedSeeds: { baseline: [6] } });
    expect(claimedStudy(folder, 'paper-section-3', 'minutes').study.groups['baseline']!.seeds).toEqual([1]);
  });

  it.each([
    ['{', 'JSON'],
    ['[]', 'addedSeeds is missing'],
    ['{"addedSeds": {}}', 'addedSeeds is missing'],
    ['{"addedSeeds": 3}', 'addedSeeds must be an object of seeds by group'],
    ['{"addedSeeds": {}, "seeds": []}', 'seeds is not a field'],
    ['{"addedSeeds": {"no-3": 4}}', 'addedSeeds.no-3 must be a list of seeds'],
    ['{"addedSeeds": {"no-3": [4.5]}}', 'addedSeeds.no-3.0 must be a whole number'],
    ['{"addedSeeds": {"no-3": [-1]}}', 'addedSeeds.no-3.0 must be 0 or more'],
    ['{"addedSeeds": {"no-4": [4]}}', 'addedSeeds.no-4 is not a group of the study. Did you mean "no-3"?'],
  ])('by hand as %s are refused with the field and what is wrong', async (text, what) => {
    writeAdded(text);
    const error = thrownBy(() => claimedStudy(folder, 'paper-section-3', 'hours'));
    expectLabError(error, 'damaged-file', what);
    expect(error).toMatchObject({ what: expect.stringContaining('paper-section-3-hours.json: ') as string });
    const claim = claimedStudy(folder, 'paper-section-3', 'minutes').claims[0]!;
    expect(await rejectionOf(addSeed(folder, 'paper-section-3', 'hours', claim))).toMatchObject({
      code: 'damaged-file',
    });
    expect(readFileSync(join(folder, 'studies', 'paper-section-3-hours.json'), 'utf8')).toBe(text);
  });
});
