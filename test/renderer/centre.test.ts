import { describe, expect, it } from 'vitest';
import { centreByMass, SIDE } from '../../renderer/digits/centre';

function filled(width: number, height: number, left: number, top: number, across: number, down: number): Uint8Array {
  const ink = new Uint8Array(width * height);
  for (let y = top; y < top + down; y++) ink.fill(255, y * width + left, y * width + left + across);
  return ink;
}

function box(image: Uint8Array): { left: number; top: number; right: number; bottom: number } {
  const inked = [...image.keys()].filter((at) => image[at]! > 0);
  const xs = inked.map((at) => at % SIDE);
  const ys = inked.map((at) => Math.floor(at / SIDE));
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

describe('centreByMass', () => {
  it('leaves an empty drawing empty', () => {
    expect(centreByMass(new Uint8Array(100), 10, 10)).toEqual(new Uint8Array(SIDE * SIDE));
  });

  it('shrinks a square in a corner to 20 pixels in the middle, in full ink', () => {
    const image = centreByMass(filled(224, 224, 3, 150, 60, 60), 224, 224);
    expect(box(image)).toEqual({ left: 4, right: 23, top: 4, bottom: 23 });
    expect(image[14 * SIDE + 14]).toBe(255);
  });

  it('keeps the proportions: a bar twenty times taller than wide becomes one pixel wide', () => {
    const image = centreByMass(filled(224, 224, 100, 10, 10, 200), 224, 224);
    const { left, right, top, bottom } = box(image);
    expect([right - left + 1, bottom - top + 1]).toEqual([1, 20]);
  });

  it('puts the mass, not the box, into the middle', () => {
    // A full left half and a thin foot on the right: the box would lie in columns 4 to 23.
    const ink = filled(200, 200, 0, 0, 100, 200);
    for (let y = 190; y < 200; y++) ink.fill(255, y * 200 + 100, y * 200 + 200);
    const { left, right } = box(centreByMass(ink, 200, 200));
    // Mass: 10 columns of 20 at 4.5 and 10 of 1 at 14.5 give 4.976; 14 − 4.976 rounds to 9, but 20 columns
    // must end at 27.
    expect([left, right]).toEqual([8, 27]);
  });

  it('averages areas: half the ink is half as bright', () => {
    // Columns by turns black and white, 40 of them over 20 pixels.
    const ink = Uint8Array.from({ length: 40 * 40 }, (_, at) => (at % 2 === 0 || at % 40 === 39 ? 200 : 0));
    expect(centreByMass(ink, 40, 40)[14 * SIDE + 10]).toBe(100);
  });

  it('makes images of any size, the digit as large a part of them', () => {
    const image = centreByMass(filled(224, 224, 3, 150, 60, 60), 224, 224, 64);
    expect(image).toHaveLength(64 * 64);
    expect(image.filter((value) => value > 0)).toHaveLength(46 * 46);
    expect(centreByMass(filled(224, 224, 3, 150, 60, 60), 224, 224, 1)).toEqual(Uint8Array.of(255));
  });
});
