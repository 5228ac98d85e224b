/** The drawing pad's images against MNIST's own, which were made the same way. */
import { describe, expect, it } from 'vitest';
import { centreByMass, SIDE } from '../../renderer/digits/centre';
import { loadMnist, mnistFolder } from '../../src-core/data/mnist';

const { images } = loadMnist(mnistFolder()).test;
const PIXELS = SIDE * SIDE;
const COUNT = 500;

function digit(position: number): Uint8Array {
  return images.subarray(position * PIXELS, (position + 1) * PIXELS);
}

/** Every pixel three by three, somewhere on a larger sheet. */
function drawnLarge(image: Uint8Array, left: number, top: number): Uint8Array {
  const width = 224;
  const ink = new Uint8Array(width * width);
  for (let y = 0; y < 3 * SIDE; y++) {
    for (let x = 0; x < 3 * SIDE; x++) {
      ink[(top + y) * width + left + x] = image[Math.floor(y / 3) * SIDE + Math.floor(x / 3)]!;
    }
  }
  return ink;
}

describe('centring a digit of MNIST', () => {
  it('leaves it as it is: its box has 20 pixels and its mass is in the middle already', () => {
    for (let position = 0; position < COUNT; position++) {
      expect([...centreByMass(digit(position), SIDE, SIDE)], `image ${position}`).toEqual([...digit(position)]);
    }
  });

  it('brings it back from anywhere on a larger sheet', () => {
    for (let position = 0; position < 50; position++) {
      const large = drawnLarge(digit(position), 20 + position, 120 - position);
      expect(centreByMass(large, 224, 224)).toEqual(centreByMass(digit(position), SIDE, SIDE));
    }
  });
});
