// @vitest-environment happy-dom
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChartPicture } from '../../renderer/charts/chart-svg';
import { chartSvg } from '../../renderer/charts/chart-svg';
import type { Series } from '../../renderer/charts/series';
import {
  bandOf,
  bandRange,
  decimate,
  describeSeries,
  joined,
  spansDecade,
  withDeviations,
} from '../../renderer/charts/series';
import { figure } from '../../renderer/format';
import { logTicks } from '../../src-core/evaluation/log-ticks';

const series = (name: string, x: number[], y: number[]): Series => ({ name, colour: 'accent', x, y });

/** What a line through the points covers of each pixel column: where it enters, its lowest and highest, its end. */
function envelope(x: ArrayLike<number>, y: ArrayLike<number>, rows: Iterable<number>, columns: number, end: number) {
  const found = new Map<number, { first: number; low: number; high: number; last: number }>();
  for (const row of rows) {
    const column = Math.min(columns - 1, Math.floor((x[row]! * columns) / end));
    const value = y[row]!;
    const seen = found.get(column);
    if (!seen) found.set(column, { first: value, low: value, high: value, last: value });
    else {
      found.set(column, {
        ...seen,
        low: Math.min(seen.low, value),
        high: Math.max(seen.high, value),
        last: value,
      });
    }
  }
  return [...found];
}

describe('decimation', () => {
  it('draws every pixel column as all points would, with at most four points each', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 300 }), (y) => {
        const x = y.map((_, at) => at);
        const rows = decimate({ x, y }, 16);
        expect(rows.length).toBeLessThanOrEqual(64);
        expect([...rows]).toEqual([...new Set(rows)].sort((first, second) => first - second));
        const end = x.at(-1)!;
        expect(envelope(x, y, rows, 16, end)).toEqual(envelope(x, y, x, 16, end));
      }),
    );
  });

  it('keeps a curve of few points as it is', () => {
    expect([...decimate({ x: [0, 1, 2, 3], y: [4, 3, 8, 1] }, 100)]).toEqual([0, 1, 2, 3]);
  });

  it('leaves out what cannot be drawn', () => {
    const line = { x: [0, 1, 2, 3], y: [NaN, 0, 2, Infinity] };
    expect([...decimate(line, 10)]).toEqual([1, 2]);
    expect([...decimate(line, 10, true)]).toEqual([2]);
    expect([...decimate({ x: [1, 2], y: [NaN, NaN] }, 10)]).toEqual([]);
  });
});

describe('a deviation', () => {
  const line: Series = { ...series('seeds', [1, 2, 3], [10, 4, 6]), deviation: [2, 5, NaN] };
  const place = (x: number, y: number) => [x, -y] as const;

  it('is a band about its line, to the floor where a logarithm ends; nothing where there is none', () => {
    expect(bandOf(line, [0, 1, 2], place, 99, false)).toEqual([
      [1, -12],
      [2, -9],
      [2, 1],
      [1, -8],
    ]);
    expect(bandOf(line, [0, 1, 2], place, 99, true)[2]).toEqual([2, 99]);
    expect(bandOf(series('one', [1], [2]), [0], place, 99, false)).toEqual([]);
  });

  it('widens the axis, which a logarithm keeps above 0', () => {
    expect(bandRange([line], false)).toEqual({ low: -1, high: 12 });
    expect(bandRange([line], true)).toEqual({ low: 4, high: 12 });
    expect(bandRange([series('one', [1], [2])], false)).toBeUndefined();
  });

  it('is listed beside its line', () => {
    expect(withDeviations([line, series('one', [1], [2])]).map(({ name }) => name)).toEqual([
      'seeds',
      'seeds, s.d.',
      'one',
    ]);
  });
});

describe('a logarithmic scale', () => {
  const y = (...values: number[]) => ({ y: values });
  it.each([
    ['a decade and more', true, [y(900, NaN, 85)]],
    ['a decade between two lines', true, [y(900, 800), y(60)]],
    ['less than a decade', false, [y(900, 100), y(90.1)]],
    ['zeros and what is not there', false, [y(0, NaN, 5), y(-1, Infinity, 20)]],
    ['nothing', false, []],
  ])('is right for %s: %s', (_, expected, series) => {
    expect(spansDecade(series)).toBe(expected);
  });
});

describe('a chart’s numbers', () => {
  const lines = [series('a', [1, 2, 4], [10, 20, 40]), series('b', [2, 3], [5, 6])];

  it('stand side by side where their x is the same', () => {
    expect(joined(lines)).toEqual([
      [1, 10, NaN],
      [2, 20, 5],
      [3, NaN, 6],
      [4, 40, NaN],
    ]);
  });

  it('are said in one sentence', () => {
    expect(describeSeries(lines, 'epoch')).toBe('a from 10 at 1 to 40 at epoch 4; b from 5 at 2 to 6 at epoch 3.');
    expect(describeSeries([series('one', [3], [7])], 'epoch')).toBe('one 7 at epoch 3.');
    expect(describeSeries([series('errors', [3, 100], [1184, 93])], '% of the training set')).toBe(
      'errors from 1184 at 3 to 93 at 100 % of the training set.',
    );
    expect(describeSeries([series('errors', [-15], [1234])], 'bias')).toBe('errors 1234 at bias −15.');
    expect(describeSeries([series('none', [1], [NaN])], 'epoch')).toBe('Nothing to draw yet.');
  });
});

describe('a figure', () => {
  it.each([
    [1184, '1184'],
    [-12.345, '−12.3'],
    [1234.5, '1230'],
    [0.1 + 0.2, '0.3'],
    [2_395_210, '2.40e+6'],
    [-0.00012, '−1.20e−4'],
    [0, '0'],
    [NaN, '–'],
    [undefined, '–'],
  ])('%d reads %s', (value, text) => expect(figure(value)).toBe(text));
});

describe('ticks of a logarithmic scale', () => {
  it.each([
    [0.0275, 0.608, [0.05, 0.1, 0.2, 0.5]],
    [0.02, 9, [0.03, 0.1, 0.3, 1, 3]],
    [1e-4, 50, [1e-4, 1e-3, 0.01, 0.1, 1, 10]],
    [101, 119, [100, 120]],
  ])('from %d to %d', (low, high, ticks) => expect(logTicks(low, high)).toEqual(ticks));
});

describe('a chart as SVG', () => {
  const picture: ChartPicture = {
    title: 'Errors <script>&"',
    xTitle: 'epoch',
    width: 400,
    height: 200,
    area: { left: 40, top: 0, right: 390, bottom: 170 },
    xTicks: [{ at: 40, text: '0' }],
    yTicks: [{ at: 10, text: '100' }],
    lines: [
      {
        name: '</text><script>alert(1)</script>',
        colour: '#123456',
        width: 1.5,
        dashed: true,
        band: [
          [40, 5],
          [90, 5],
          [90, 15],
        ],
        points: [
          [40, 10],
          [390, 160],
        ],
      },
      { name: 'a point', colour: '#abcdef', width: 1.5, dashed: false, points: [[40, 20]] },
      { name: 'nothing yet', colour: '#000000', width: 1.5, dashed: false, points: [] },
    ],
    colours: { surface: '#fff', ink: '#000', faint: '#666', line: '#eee' },
  };
  const parsed = new DOMParser().parseFromString(chartSvg(picture), 'image/svg+xml');

  it('is well formed, with names as text whatever they are', () => {
    expect(parsed.querySelector('parsererror')).toBeNull();
    expect(parsed.querySelector('script')).toBeNull();
    const texts = [...parsed.querySelectorAll('text')].map(({ textContent }) => textContent);
    expect(texts).toEqual([
      'Errors <script>&"',
      '</text><script>alert(1)</script>',
      'a point',
      'nothing yet',
      '100',
      '0',
      'epoch',
    ]);
  });

  it('draws a line through its points, and a single point as a dot', () => {
    const line = parsed.querySelector('polyline')!;
    expect(line.getAttribute('points')).toBe('40,66 390,216');
    expect(line.getAttribute('stroke-dasharray')).toBe('4 3');
    expect(parsed.querySelectorAll('polyline')).toHaveLength(1);
    expect(parsed.querySelector('polygon')?.getAttribute('points')).toBe('40,61 90,61 90,71');
    expect(parsed.querySelector('circle')?.getAttribute('cy')).toBe('76');
  });
});
