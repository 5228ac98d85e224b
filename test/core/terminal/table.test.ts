import { describe, expect, it } from 'vitest';
import { stripAnsi } from '../../../src-core/terminal/ansi';
import { duration, grouped, percent, probability, significant } from '../../../src-core/terminal/format';
import { renderConfusion, renderTable } from '../../../src-core/terminal/table';

function plain(lines: readonly string[]): string[] {
  return lines.map(stripAnsi);
}

describe('renderTable', () => {
  it('aligns columns under their titles', () => {
    const table = renderTable(
      [{ title: 'run' }, { title: 'errors', align: 'right' }, { title: 'note' }],
      [
        ['teacher 1200', '67', 'good'],
        ['student', '1,234', ''],
      ],
    );
    expect(plain(table)).toEqual([
      'run           errors  note',
      '────────────  ──────  ────',
      'teacher 1200      67  good',
      'student        1,234',
    ]);
  });

  it('measures cells without their colours', () => {
    const coloured = '\u001b[31m✕\u001b[39m';
    const columns = [{ title: '' }, { title: 'b' }];
    expect(
      plain(
        renderTable(columns, [
          [coloured, 'x'],
          ['✕', 'x'],
        ]),
      ).slice(2),
    ).toEqual(['✕  x', '✕  x']);
  });

  it('stands without rows, and with rows that are too short', () => {
    const columns = [{ title: 'a' }, { title: 'bb' }];
    expect(plain(renderTable(columns, []))).toEqual(['a  bb', '─  ──']);
    expect(plain(renderTable(columns, [['1']]))).toEqual(['a  bb', '─  ──', '1']);
  });
});

describe('renderConfusion', () => {
  it('shows errors only, with sums by true and by predicted class', () => {
    const lines = renderConfusion([
      [980, 2, 0],
      [11, 1000, 3],
      [0, 0, 900],
    ]);
    expect(plain(lines)).toEqual([
      'true \\ predicted',
      '       0  1  2   wrong',
      '   0      2  ·       2',
      '   1  11     3      14',
      '   2   ·  ·          0',
      '      11  2  3      16',
    ]);
  });

  it('keeps its columns under each other however large the counts', () => {
    const lines = plain(
      renderConfusion(
        Array.from({ length: 12 }, (_, row) => Array.from({ length: 12 }, (_, column) => row * column * 9)),
      ),
    );
    const [, header, ...rows] = lines;
    expect(new Set(rows.map((line) => line.length)).size).toBe(1);
    expect(header!.indexOf('wrong') + 5).toBe(rows[0]!.length);
    expect(rows).toHaveLength(13);
  });

  it('is empty of errors where there are none', () => {
    const lines = plain(
      renderConfusion([
        [5, 0],
        [0, 7],
      ]),
    );
    expect(lines.slice(2).map((line) => line.replace(/[\s·]+/g, ' ').trim())).toEqual(['0 0', '1 0', '0 0 0']);
  });
});

describe('numbers for people', () => {
  it.each([
    [0, '0'],
    [999.6, '1,000'],
    [1_276_810, '1,276,810'],
  ])('grouped(%f) is %s', (value, text) => expect(grouped(value)).toBe(text));

  it.each([
    [0.9933, 2, '99.33 %'],
    [1, 2, '100.00 %'],
    [0.05, 0, '5 %'],
  ])('percent(%f, %i) is %s', (value, digits, text) => expect(percent(value, digits)).toBe(text));

  it.each([
    [0, '0:00'],
    [-3, '0:00'],
    [59.6, '1:00'],
    [93, '1:33'],
    [3599.4, '59:59'],
    [3700, '1:01:40'],
    [90_061, '25:01:01'],
    [Infinity, '–'],
    [NaN, '–'],
  ])('duration(%f) is %s', (value, text) => expect(duration(value)).toBe(text));

  it.each([
    [0, '0'],
    [0.01234, '0.0123'],
    [12.34, '12.3'],
    [1234, '1230'],
  ])('significant(%f) is %s', (value, text) => expect(significant(value)).toBe(text));

  it.each([
    [0.0009, '< 0.001'],
    [0.001, '0.001'],
    [0.0526, '0.053'],
    [1, '1.000'],
  ])('probability(%f) is %s', (value, text) => expect(probability(value)).toBe(text));
});
