import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearest, suggestion } from '../../../src-core/contract/suggest';

const PRESETS = ['fast-teacher', 'fast-student', 'fast-student-no-3', 'fast-baseline', 'blog-teacher', 'paper-cnn'];

describe('nearest', () => {
  it.each([
    ['fast-techer', 'fast-teacher'],
    ['fast-student ', 'fast-student'],
    ['FAST-TEACHER', 'fast-teacher'],
    ['fasteacher', 'fast-teacher'],
    ['paper', 'paper-cnn'],
    ['fast-teacher-2', 'fast-teacher'],
    ['fast-student-no', 'fast-student-no-3'],
  ])('"%s" is meant as "%s"', (word, meant) => {
    expect(nearest(word, PRESETS)).toBe(meant);
  });

  it.each(['', 'x', 'resnet', 'completely-different'])('"%s" is meant as none', (word) => {
    expect(nearest(word, PRESETS)).toBeUndefined();
  });

  it('prefers the word itself to every other, and offers known words only', () => {
    const words = fc.uniqueArray(fc.stringMatching(/^[a-z-]{1,10}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(words, fc.nat(), fc.string(), (known, pick, other) => {
        const word = known[pick % known.length]!;
        expect(nearest(word, known)).toBe(word);
        expect([undefined, ...known]).toContain(nearest(other, known));
      }),
    );
  });
});

describe('suggestion', () => {
  it('asks for the nearest, or lists what there is', () => {
    expect(suggestion('sed', ['seed', 'data'])).toBe('Did you mean "seed"?');
    expect(suggestion('colour', ['seed', 'data'])).toBe('Known: seed, data.');
  });
});
