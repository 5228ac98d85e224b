import { describe, expect, it } from 'vitest';
import { specFields } from '../../../src-core/contract/fields';

const fields = specFields();

function find(path: string, kind?: string): (typeof fields)[number] {
  const found = fields.filter((field) => field.path === path && (kind === undefined || field.kind === kind));
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe('specFields', () => {
  it.each(fields.map((field) => [`${field.path} ${field.kind ?? ''}`.trim(), field] as const))(
    '%s says what it is and what it may be',
    (_, { description, range }) => {
      expect(description).not.toBe('');
      expect(range).toMatch(/\S/);
    },
  );

  it('tells unit, range and default of a number', () => {
    expect(find('training.batchSize')).toMatchObject({ unit: 'images', range: '1 to 8192', default: '128' });
    expect(find('data.jitter.pixels')).toMatchObject({ unit: 'pixels', range: '0 to 4', default: '0' });
  });

  it('tells what a list’s entries may be', () => {
    expect(find('model.hidden', 'mlp').range).toBe('0 to 8 entries, each 1 to 8192');
    expect(find('data.classes')).toMatchObject({
      range: '1 to 62 entries, each 0 to 61',
      default: '[0,1,2,3,4,5,6,7,8,9]',
    });
  });

  it('has no default where a value must be given', () => {
    for (const path of ['training.epochs', 'model.kind']) expect(find(path)).not.toHaveProperty('default');
  });

  it('has the default kind, and the default that is null', () => {
    expect(find('objective.kind')).toMatchObject({ range: 'hard | soft | decoupled | mse-logits', default: '"hard"' });
    expect(find('schedule.kind').default).toBe('"constant"');
    expect(find('optimiser.maxSquaredNorm', 'adam').default).toBe('null');
  });

  it('names each field of a kind once', () => {
    const names = fields.map(({ path, kind }) => `${path} ${kind}`);
    expect(new Set(names).size).toBe(names.length);
  });
});
