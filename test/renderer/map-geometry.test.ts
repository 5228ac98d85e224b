// @vitest-environment happy-dom
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapSvg } from '../../renderer/views/inspect/map-svg';
import { fitted, nearestPoint, pointsWithin, within, zoomed } from '../../renderer/views/inspect/map-geometry';

const POINTS = Float32Array.of(0, 0, 10, 0, 10, 10, 0, 10, 5, 5);

it('is a picture of its own, in which a class’s name may be anything', () => {
  const svg = mapSvg(
    POINTS,
    (index) => ({ label: index % 2, wrong: index === 4 }),
    (label) => (label === 0 ? '#123456' : '#abcdef'),
    [{ text: '<b>', x: 5, y: 5 }],
    'a & b',
    { surface: '#fff', ink: '#000', bad: '#f00' },
  );
  const picture = new DOMParser().parseFromString(svg, 'image/svg+xml');
  expect(picture.querySelector('parsererror')).toBeNull();
  expect([...picture.querySelectorAll('text')].map((text) => text.textContent)).toEqual(['a & b', '<b>']);
  expect(picture.querySelector('[fill="#123456"]')!.getAttribute('d')!.match(/M/g)).toHaveLength(3);
  expect(picture.querySelector('[stroke="#f00"]')!.getAttribute('d')!.match(/M/g)).toHaveLength(1);
});

describe('the map', () => {
  it('shows all points, upright and in proportion', () => {
    const view = fitted(POINTS, 232, 132);
    expect(view.scale).toBe(10);
    const shown = (x: number, y: number) => [x * view.scale + view.left, view.top - y * view.scale];
    expect(shown(0, 0)).toEqual([66, 116]);
    expect(shown(10, 10)).toEqual([166, 16]);
    expect(fitted(new Float32Array(), 100, 100).scale).toBe(1);
    expect(Number.isFinite(fitted(Float32Array.of(3, 3), 100, 100).scale)).toBe(true);
  });

  it('zooms about the pointer', () => {
    const view = fitted(POINTS, 232, 132);
    const closer = zoomed(view, 66, 116, 3);
    expect(0 * closer.scale + closer.left).toBeCloseTo(66);
    expect(closer.top - 0 * closer.scale).toBeCloseTo(116);
  });

  it('takes what lies within a line, however it is drawn', () => {
    const view = { scale: 1, left: 0, top: 10 };
    expect(pointsWithin(POINTS, view, [-1, -1, 11, -1, 11, 4, -1, 4])).toEqual([2, 3]);
    expect(pointsWithin(POINTS, view, [2, 2, 8, 2, 8, 8, 2, 8])).toEqual([4]);
    // A line that bends inwards leaves out what is in the bay.
    const bay = [0, 0, 10, 0, 10, 10, 5, 1, 0, 10];
    expect(within(bay, 5, 5)).toBe(false);
    expect(within(bay, 9, 5)).toBe(true);
  });

  it('agrees with arithmetic on boxes', () => {
    const number = fc.double({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(number, number, fc.double({ min: 1, max: 40, noNaN: true }), number, number, (x, y, side, px, py) => {
        const inside = px > x && px < x + side && py > y && py < y + side;
        expect(within([x, y, x + side, y, x + side, y + side, x, y + side], px, py)).toBe(inside);
      }),
    );
  });

  it('finds the nearest point within reach', () => {
    const view = { scale: 1, left: 0, top: 10 };
    expect(nearestPoint(POINTS, view, 6, 6, 3)).toBe(4);
    expect(nearestPoint(POINTS, view, 20, 20, 3)).toBeUndefined();
  });
});
