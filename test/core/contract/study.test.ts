import { describe, expect, it } from 'vitest';
import { expandStudy, parseStudy } from '../../../src-core/contract/study';
import { expectLabError, thrownBy } from '../lab-error';

const SPEC = {
  model: { kind: 'mlp', hidden: [30] },
  optimiser: { kind: 'momentum', learningRate: 0.1 },
  training: { epochs: 1 },
};
const STUDENT = { ...SPEC, objective: { kind: 'soft', teachers: ['@teacher'] } };

const study = (groups: object, seeds = [1, 2]): unknown => ({ name: 'tiny', seeds, groups });
const expand = (groups: object, seeds?: number[]) => expandStudy(parseStudy(study(groups, seeds)));

describe('a study', () => {
  it('expands into every combination of its grid, at every seed, teachers first', () => {
    const cells = expand({
      student: {
        spec: STUDENT,
        grid: { 'objective.temperature': [1, 20], 'model.hidden': [[30], [100, 100]] },
      },
      teacher: { spec: SPEC, seeds: [1, 2, 3] },
    });
    expect(cells).toHaveLength(3 + 2 * 2 * 2);
    const place = new Map(cells.map(({ key }, at) => [key, at]));
    expect(cells.every(({ key, teachers }) => teachers.every((each) => place.get(each)! < place.get(key)!))).toBe(true);
    expect(cells.filter(({ teachers }) => teachers.length > 0)).not.toEqual([]);
    expect(cells.map(({ seed }) => seed)).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]);
    expect(new Set(cells.map(({ key }) => key)).size).toBe(cells.length);
    const found = cells.find(
      ({ values, seed }) =>
        seed === 2 && values['objective.temperature'] === 20 && String(values['model.hidden']) === '100,100',
    )!;
    expect(found.spec).toMatchObject({ seed: 2, model: { hidden: [100, 100] }, objective: { temperature: 20 } });
    expect(found.teachers).toEqual(['teacher seed=2']);
  });

  it('has students of one teacher of the same seed, or of all seeds', () => {
    const cells = expand({
      teacher: { spec: SPEC },
      student: { spec: { ...SPEC, objective: { kind: 'soft', teachers: ['@teacher/*'] } } },
    });
    const student = cells.find(({ group, seed }) => group === 'student' && seed === 2)!;
    expect(student.teachers).toEqual(cells.slice(0, 2).map(({ key }) => key));
  });

  it.each([
    ['no group', {}, ['has no runs']],
    ['an empty grid', { a: { spec: SPEC, grid: { seed: [] } } }, ['groups.a.grid.seed', 'must have a value']],
    [
      'too many runs',
      { a: { spec: SPEC, grid: { 'training.epochs': Array.from({ length: 2501 }, (_, i) => i + 1) } } },
      ['5002 runs', '5000'],
    ],
    ['a wrong field', { a: { spec: SPEC, seed: [1] } }, ['Unknown field "groups.a.seed"']],
    [
      'a wrong field of a spec',
      { a: { spec: { ...SPEC, modell: {} } } },
      ['groups.a: Unknown field "modell"', 'model'],
    ],
    [
      'a teacher that is no group',
      { teacher: { spec: SPEC }, a: { spec: { ...SPEC, objective: { kind: 'soft', teachers: ['@techer'] } } } },
      ['no group "techer"', 'teacher'],
    ],
    [
      'a teacher by name',
      { a: { spec: { ...SPEC, objective: { kind: 'soft', teachers: ['7'] } } } },
      ['teacher "7"', '@group'],
    ],
    [
      'a teacher without this seed',
      { teacher: { spec: SPEC, seeds: [1] }, a: { spec: STUDENT } },
      ['seed 2 has no teacher in "teacher"'],
    ],
    [
      'a teacher out of a grid',
      { teacher: { spec: SPEC, grid: { 'training.epochs': [1, 2] } }, a: { spec: STUDENT } },
      ['"teacher" has a grid'],
    ],
    [
      'a circle',
      { teacher: { spec: { ...STUDENT, objective: { kind: 'soft', teachers: ['@a'] } } }, a: { spec: STUDENT } },
      ['circle'],
    ],
  ])('with %s is refused in one sentence', (_, groups, words) => {
    expectLabError(
      thrownBy(() => expand(groups)),
      'bad-input',
      ...words,
    );
  });

  it.each<[string, object, string]>([
    ['a misspelt field', { group: {} }, 'Unknown field "group" in the study.'],
    ['a negative seed', { seeds: [-1], groups: { a: { spec: SPEC } } }, 'seeds.0 must be 0 or more.'],
  ])('with %s says so', (_, changes, said) => {
    expect(() => parseStudy({ name: 'study', seeds: [1], ...changes })).toThrow(said);
  });
});
