import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { specFields } from '../../../src-core/contract/fields';
import type { RunSpec } from '../../../src-core/contract/spec';
import { parseRunSpec, teachersOf } from '../../../src-core/contract/spec';
import { PRESETS } from '../../../src-core/experiments/presets';
import { expectLabError, thrownBy } from '../lab-error';

type Json = Record<string, unknown>;

const SMALLEST = {
  model: { kind: 'mlp', hidden: [30] },
  optimiser: { kind: 'momentum', learningRate: 0.1 },
  training: { epochs: 2 },
};

/** The smallest spec of a field's kind, for the parents that come in kinds. */
const PARENTS: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  model: { mlp: SMALLEST.model, cnn: { kind: 'cnn' } },
  objective: {
    hard: { kind: 'hard' },
    soft: { kind: 'soft', teachers: ['1'] },
    decoupled: { kind: 'decoupled', teachers: ['1'] },
    'mse-logits': { kind: 'mse-logits', teachers: ['1'] },
  },
  optimiser: { momentum: SMALLEST.optimiser, adam: { kind: 'adam', learningRate: 0.1 } },
  schedule: { halve: { kind: 'halve' }, exponential: { kind: 'exponential' }, cosine: { kind: 'cosine' } },
};

/** The smallest spec in which a field may stand, with a value in it. */
function withField(path: string, kind: string | undefined, value: unknown): Json {
  const [parent, child, grandchild] = path.split('.') as [string, string?, string?];
  if (child === undefined) return { ...SMALLEST, [parent]: value };
  const siblings = kind === undefined ? ((SMALLEST as Json)[parent] as Json) : PARENTS[parent]![kind];
  return {
    ...SMALLEST,
    [parent]: { ...siblings, [child]: grandchild === undefined ? value : { [grandchild]: value } },
  };
}

function refusal(spec: unknown, ...words: readonly string[]): void {
  expectLabError(
    thrownBy(() => parseRunSpec(spec)),
    'bad-input',
    ...words,
  );
}

describe('parseRunSpec', () => {
  it('fills in every default', () => {
    const expected: RunSpec = {
      name: '',
      seed: 1,
      data: {
        dataset: 'mnist',
        classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        share: 1,
        classShares: {},
        validation: 0,
        selectionSeed: 0,
        normalisation: 'unit',
        jitter: { pixels: 0, distribution: 'rounded' },
        noise: 0,
      },
      model: { kind: 'mlp', hidden: [30], dropout: [], initialiser: 'uniform-fan-in' },
      objective: { kind: 'hard', labelSmoothing: 0 },
      optimiser: {
        kind: 'momentum',
        learningRate: 0.1,
        momentum: 0.9,
        nesterov: false,
        rateInVelocity: false,
        weightDecay: 0,
        maxSquaredNorm: null,
      },
      schedule: { kind: 'constant' },
      training: { epochs: 2, batchSize: 128, evaluateEvery: 1, checkpointEvery: 0 },
    };
    expect(parseRunSpec(SMALLEST)).toEqual(expected);
  });

  it.each(PRESETS.map((preset) => [preset.name, preset.spec] as const))('reads %s, and itself again', (_, spec) => {
    const parsed = parseRunSpec(spec);
    expect(parseRunSpec(parsed)).toEqual(parsed);
    expect(parseRunSpec(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  it('leaves what it was given as it was', () => {
    const spec = structuredClone(SMALLEST);
    parseRunSpec(spec);
    expect(spec).toEqual(SMALLEST);
  });

  const numbers = specFields().flatMap(({ path, kind, range }) => {
    const [, low, high] = /^(\S+) to (\S+)$/.exec(range ?? '') ?? [];
    return low === undefined ? [] : [[path, kind, Number(low), Number(high)] as const];
  });

  it.each(numbers)(
    '%s (%s) takes %f to %f and names itself, the value and the range otherwise',
    (path, kind, low, high) => {
      for (const value of [low, high]) expect(() => parseRunSpec(withField(path, kind, value))).not.toThrow();
      for (const value of [low - 1, high + 1, '1', null]) {
        if (value === null && path.endsWith('maxSquaredNorm')) continue;
        refusal(withField(path, kind, value), `${path} = ${JSON.stringify(value)} must be`, `${low} to ${high}`);
      }
    },
  );

  const choices = specFields().flatMap(({ path, kind, range }) =>
    range?.includes(' | ') && !path.endsWith('.kind') ? [[path, kind, range.split(' | ')] as const] : [],
  );

  it.each(choices)('%s (%s) takes %j alone', (path, kind, options) => {
    for (const option of options) {
      const value: unknown = option === 'true' || option === 'false' ? JSON.parse(option) : option;
      expect(() => parseRunSpec(withField(path, kind, value))).not.toThrow();
    }
    refusal(withField(path, kind, 'other'), `${path} = "other" must be`, ...options);
  });

  it.each<[Json, string[]]>([
    [{ ...SMALLEST, sed: 1 }, ['Unknown field "sed".', 'Did you mean "seed"?']],
    [withField('data.jitter.pixles', undefined, 1), ['Unknown field "data.jitter.pixles".', 'Did you mean "pixels"?']],
    [withField('optimiser.learningrate', 'adam', 1), ['"optimiser.learningrate".', '"learningRate"']],
    [withField('schedule.everyEpoch', 'halve', 1), ['"schedule.everyEpoch".', '"everyEpochs"']],
    [withField('objective.temprature', 'soft', 4), ['"objective.temprature".', '"temperature"']],
    [{ ...SMALLEST, model: { kind: 'mlp', hiden: [16] } }, ['Unknown field "model.hiden".', 'Did you mean "hidden"?']],
    [
      { ...SMALLEST, optimiser: { kind: 'momentum', learningrate: 0.1 } },
      ['Unknown field "optimiser.learningrate".', 'Did you mean "learningRate"?'],
    ],
    [{ ...SMALLEST, colour: 'red' }, ['Unknown field "colour".', 'Known: name, seed, data, model,']],
    [{ ...SMALLEST, constructor: 1 }, ['Unknown field "constructor".']],
  ])('%j: an unknown field is named, with the nearest', (spec, words) => refusal(spec, ...words));

  it.each<[unknown, string[]]>([
    [{}, ['Field "model" is missing.']],
    [{ ...SMALLEST, training: {} }, ['Field "training.epochs" is missing.']],
    [{ ...SMALLEST, model: {} }, ['Field "model.kind" is missing.']],
    [{ ...SMALLEST, objective: { kind: 'soft' } }, ['Field "objective.teachers" is missing.']],
    [{ ...SMALLEST, model: { kind: 'mpl' } }, ['model.kind = "mpl" must be one of mlp, cnn.']],
    [
      { ...SMALLEST, schedule: 'cosine' },
      ['schedule = "cosine" must be an object whose kind is one of constant, halve'],
    ],
    [{ ...SMALLEST, data: 5 }, ['data = 5 must be an object.']],
    [{ ...SMALLEST, data: [] }, ['data = [] must be an object.']],
    [{ ...SMALLEST, data: { jitter: [] } }, ['data.jitter = [] must be an object.']],
    [{ ...SMALLEST, data: { noise: 1.5 } }, ['data.noise = 1.5 must be in 0 to 1.']],
    [
      { ...withField('objective.teacherLogits', 'soft', 'cached'), data: { noise: 0.1 } },
      ['objective.teacherLogits = "cached" does not go with data.noise', 'Use "auto" or "live".'],
    ],
    [{ ...SMALLEST, data: { classShares: [0.5] } }, ['data.classShares = [0.5] must be an object of shares.']],
    [[], ['spec = [] must be an object.']],
    [null, ['spec = null must be an object.']],
    [withField('objective.teachers', 'soft', []), ['objective.teachers = [] must have 1 to 16 entries.']],
    [withField('objective.teachers', 'soft', [3]), ['objective.teachers.0 = 3 must be a run']],
    [withField('model.hidden', 'mlp', [30, 0]), ['model.hidden.1 = 0 must be in 1 to 8192.']],
    [withField('model.dropout', 'mlp', [0.5]), ['model.dropout = [0.5] must be empty or have one entry for the input']],
    [withField('model.dropout', 'cnn', [0.5]), ['model.dropout = [0.5] must have 2 to 2 entries.']],
    [{ ...SMALLEST, data: { classes: [1, 2, 1] } }, ['data.classes = [1,2,1] names a class twice.']],
    [{ ...SMALLEST, data: { classes: [] } }, ['data.classes = [] must have 1 to 62 entries.']],
    [{ ...SMALLEST, data: { classShares: { three: 0.1 } } }, ['must be a class, such as "3"']],
    [{ ...SMALLEST, data: { classShares: { '03': 0.1 } } }, ['must be a class, such as "3"']],
    [{ ...SMALLEST, data: { classShares: { '3': 2 } } }, ['data.classShares.3 = 2 must be in 0 to 1.']],
    [{ ...SMALLEST, name: 'x'.repeat(121) }, ['must have at most 120 characters', '...']],
  ])('%j is refused in words', (spec, words) => refusal(spec, ...words));

  it('reads any JSON or refuses it by LabError', () => {
    const names = specFields().map(({ path }) => path.split('.').at(-1)!);
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('mlp', 'cnn', 'soft', 'halve', 'adam'));
    const object = fc.dictionary(fc.oneof(fc.constantFrom('kind', ...names), fc.string()), value, { maxKeys: 4 });
    const nested = fc.dictionary(fc.constantFrom(...Object.keys(parseRunSpec(SMALLEST))), fc.oneof(object, value));
    const specs = fc.oneof(
      fc.jsonValue(),
      nested,
      nested.map((part): unknown => ({ ...SMALLEST, ...part })),
    );
    fc.assert(
      fc.property(specs, (spec) => {
        try {
          const parsed = parseRunSpec(JSON.parse(JSON.stringify(spec)));
          expect(parseRunSpec(parsed)).toEqual(parsed);
        } catch (error) {
          expectLabError(error, 'bad-input');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('teachersOf', () => {
  it('lists the runs that a spec learns from', () => {
    expect(teachersOf(parseRunSpec(SMALLEST))).toEqual([]);
    const teachers = ['1', '2@best'];
    expect(teachersOf(parseRunSpec(withField('objective.teachers', 'soft', teachers)))).toEqual(teachers);
  });
});
