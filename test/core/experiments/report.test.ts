import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { parseRunSpec } from '../../../src-core/contract/spec';
import type { RunSpecInput } from '../../../src-core/contract/spec';
import { expectedCalibrationError } from '../../../src-core/evaluation/calibration';
import { discordant, mcnemarExact, pairedBootstrap } from '../../../src-core/evaluation/comparison';
import { clopperPearson, countErrors, errorFlags } from '../../../src-core/evaluation/errors';
import { agreement, meanKl } from '../../../src-core/evaluation/fidelity';
import { predictions } from '../../../src-core/evaluation/logits';
import type { Logits } from '../../../src-core/evaluation/logits';
import { renderReport } from '../../../src-core/experiments/report';
import type { ReportInput, ReportRun } from '../../../src-core/experiments/report';
import { count, duration, percent, significant } from '../../../src-core/experiments/report-numbers';
import { DARK, HEAT_LEVELS, LIGHT, ROLES, contrast, heat } from '../../../src-core/experiments/report-palette';
import { Random } from '../../../src-core/random';

const SIDE = 5;
const CLASSES = 10;
const COUNT = 1000;
const random = new Random(5, 'report-test');
const testLabels = Uint8Array.from({ length: COUNT }, () => random.below(CLASSES));
const testImages = Uint8Array.from({ length: COUNT * SIDE * SIDE }, () => random.below(256));

/** Logits that are wrong on the given images, and surer of them the earlier they stand in the list. */
function logitsWrongOn(rows: readonly number[]): Logits {
  const values = Float32Array.from({ length: COUNT * CLASSES }, () => random.uniform());
  testLabels.forEach((label, row) => (values[row * CLASSES + label]! += 6));
  rows.forEach((row, place) => {
    values[row * CLASSES + ((testLabels[row]! + 1 + (row % 3)) % CLASSES)]! += 12 - (4 * place) / rows.length;
  });
  return { values, count: COUNT, classes: CLASSES };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function makeRun(
  id: string,
  role: ReportRun['role'],
  wrong: readonly number[],
  more: Partial<ReportRun> = {},
): ReportRun {
  const spec: RunSpecInput = {
    model: { kind: 'mlp', hidden: [800, 800] },
    optimiser: { kind: 'momentum', learningRate: 0.02 },
    training: { epochs: 3 },
    ...(role === 'student' && { objective: { kind: 'soft', teachers: ['teacher'], temperature: 20 } }),
  };
  return {
    id,
    name: `${id} net`,
    role,
    spec: parseRunSpec(spec),
    environment: ['TensorFlow 2.21'],
    parameters: 1_276_810,
    multiplyAdds: 1_275_200,
    epochs: range(1, 4).map((epoch) => ({
      epoch,
      loss: 1 / epoch,
      testErrors: wrong.length * (4 - epoch),
      learningRate: 0.02,
      seconds: 2,
    })),
    stepMilliseconds: 6.14,
    totalSeconds: 200,
    testLogits: logitsWrongOn(wrong),
    ...more,
  };
}

function makeInput(runs: readonly ReportRun[], more: Partial<ReportInput> = {}): ReportInput {
  return {
    title: 'A report',
    generatedAt: '2026-10-03T14:05:33Z',
    commands: ['npm run lab -- distill'],
    runs,
    testImages,
    testLabels,
    side: SIDE,
    ...more,
  };
}

const teacher = makeRun('teacher', 'teacher', range(0, 30));
const student = makeRun('student', 'student', range(10, 45));
const baseline = makeRun('baseline', 'baseline', range(10, 80));
const html = renderReport(makeInput([teacher, student, baseline]));

/** The document without its style sheet, whose pictures may spell anything in base64. */
function bodyOf(page: string): string {
  return page.slice(page.indexOf('<body>'));
}

/** What a reader sees of a piece of HTML, on one line. */
function textOf(piece: string): string {
  return piece
    .replace(/<style>[^]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, '')
    .replace(/[\u202f\u00a0\s]+/g, ' ')
    .trim();
}

function cellsOf(name: string, label: string): string {
  const row = html.split('<tr role="row">').find((piece) => piece.includes(`rowheader`) && piece.includes(name))!;
  return textOf(new RegExp(`data-label="${label}[^"]*">([^]*?)</td>`).exec(row)![1]!);
}

describe('the document', () => {
  it('loads nothing and runs nothing', () => {
    expect(html).not.toMatch(/https?:/i);
    expect(html).not.toMatch(/<script|<iframe|<link|<object|\ssrc=|\son\w+=/i);
    expect(html.replaceAll('&#39;', "'")).toContain(`default-src 'none'; style-src 'unsafe-inline'; img-src data:`);
    for (const [, target] of html.matchAll(/href="([^"]*)"/g)) expect(target).toMatch(/^#\w/);
    for (const [, target] of html.matchAll(/url\(([^)]{0,30})/g)) expect(target).toMatch(/^data:image\/png;base64,/);
    expect(bodyOf(html)).not.toMatch(/undefined|NaN|Infinity|\[object/);
  });

  it('has balanced tags and no link or label that leads nowhere', () => {
    const open = ['html'];
    const lonely = new Set(['line', 'polyline', 'path', 'br']);
    for (const [, closing, name] of bodyOf(html).matchAll(/<(\/?)(!?[a-z0-9]+)/g)) {
      if (closing) expect(open.pop()).toBe(name);
      else if (!lonely.has(name!)) open.push(name!);
    }
    expect(open).toEqual([]);
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of html.matchAll(/(?:href="#|aria-labelledby=")([^"]*)"/g)) expect(ids).toContain(id);
  });

  it('is the same for the same input', () => {
    expect(renderReport(makeInput([teacher, student, baseline]))).toBe(html);
  });

  it('shows hostile text as text', () => {
    const hostile = `<img src=x onerror=alert(1)>"'&</style></pre><b>`;
    const attacked = renderReport(
      makeInput(
        [
          { ...teacher, name: hostile, environment: [hostile] },
          { ...student, name: hostile },
        ],
        {
          title: hostile,
          generatedAt: hostile,
          commands: [hostile],
        },
      ),
    );
    expect(attacked).not.toContain('<img');
    expect(attacked).not.toContain('<b>"');
    expect(attacked.match(/<\/style>/g)).toHaveLength(1);
    expect(attacked).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;&lt;/style&gt;');
  });
});

describe('the numbers', () => {
  it('are those of evaluation/', () => {
    for (const run of [teacher, student, baseline]) {
      const errors = countErrors(predictions(run.testLogits), testLabels);
      const { low, high } = clopperPearson(errors, COUNT);
      expect(cellsOf(run.name, 'errors')).toBe(`${errors}(${errors} wrong out of ${COUNT})`);
      const interval = `${(100 * (1 - high)).toFixed(2)} to ${(100 * (1 - low)).toFixed(2)} %`;
      expect(cellsOf(run.name, 'accuracy')).toBe(`${(100 - (100 * errors) / COUNT).toFixed(2)} %${interval}`);
      const calibration = expectedCalibrationError(run.testLogits, testLabels);
      expect(cellsOf(run.name, 'ECE')).toBe(`${(100 * calibration).toFixed(2)} %`);
      if (run === teacher) continue;
      const agreed = agreement(teacher.testLogits, run.testLogits);
      expect(cellsOf(run.name, 'agreement')).toBe(`${(100 * agreed).toFixed(2)} %`);
      expect(cellsOf(run.name, 'KL')).toBe(significant(meanKl(teacher.testLogits, run.testLogits)));
    }
    expect(cellsOf(teacher.name, 'agreement')).toBe('–');
    expect(cellsOf(student.name, 'parameters')).toBe('1276810');
    expect(cellsOf(student.name, 'training time')).toBe('3 min 20 s');
  });

  it('of the comparison say who errs where, and how sure that is', () => {
    const flags = (run: ReportRun) => errorFlags(predictions(run.testLogits), testLabels);
    const { onlyFirstWrong: b, onlySecondWrong: c } = discordant(flags(student), flags(baseline));
    const { difference, low, high } = pairedBootstrap(flags(student), flags(baseline), { seed: 1 });
    const text = textOf(html);
    expect([b, c, difference]).toEqual([0, 35, -35]);
    expect(text).toContain(
      `student net makes 35 errors fewer than baseline net (95 % interval ${-high} to ${-low}): ` +
        `chance alone would rarely do that (p = ${significant(mcnemarExact(b, c)).replaceAll('\u202f', ' ')}).`,
    );
    expect(text).toContain('Only student net is wrong on b = 0 images, only baseline net on c = 35;');
    expect(text).toContain('student net makes 5 errors more than teacher net');
    expect(text).toContain('one pair of runs cannot tell that from chance');
  });

  it('that were selected wear a mark with its explanation, and others do not', () => {
    expect(html).not.toContain('class="mark');
    const tuned = renderReport(makeInput([teacher, { ...student, bestSelectedOn: 'test' }, baseline]));
    const marks = tuned.match(/<a class="mark" href="#tuned">tuned on test<\/a>/g) ?? [];
    // Headline, two conclusions in the head and two below it, strip, table, legends, heatmap, digits, groups, targets.
    expect(marks.length).toBeGreaterThanOrEqual(12);
    expect(textOf(tuned)).toContain('too good by an amount that this report cannot know');
    const held = renderReport(makeInput([teacher, { ...student, bestSelectedOn: 'validation' }]));
    expect(held).toContain('selected on validation</a>');
    expect(held).not.toContain('>tuned on test</a>');
  });
});

describe('the digits', () => {
  it('are the misclassified ones, the most confident first, and the picture holds them', () => {
    const section = html.slice(html.indexOf('id="digits"'), html.indexOf('id="groups"'));
    const drawn = [...section.matchAll(/aria-label="Test image (\d+): (\d) read as (\d), confidence (\d+) %"/g)];
    expect(drawn).toHaveLength(30 + 35 + 70);
    expect(
      drawn
        .slice(0, 30)
        .map(([, row]) => Number(row))
        .sort((a, b) => a - b),
    ).toEqual(range(0, 30));
    const sureness = drawn.slice(0, 30).map(([, , , , sure]) => Number(sure));
    expect(sureness).toEqual(sureness.toSorted((first, second) => second - first));

    const [, base64] = /\.sprite-0\{background-image:url\(data:image\/png;base64,([^)]*)\)/.exec(html)!;
    const picture = decode(Buffer.from(base64!, 'base64'));
    expect([picture.width, picture.height]).toEqual([20 * SIDE, 2 * SIDE]);
    const first = Number(drawn[0]![1]);
    const tile = range(0, SIDE).flatMap((y) => [...picture.data.slice(y * picture.width, y * picture.width + SIDE)]);
    expect(tile).toEqual([...testImages.subarray(first * SIDE * SIDE, (first + 1) * SIDE * SIDE)]);
  });

  it('are capped, and the report says so', () => {
    const poor = renderReport(makeInput([makeRun('poor', 'other', range(0, 460))]));
    expect(textOf(poor)).toContain('The 400 most confident of 460 errors of poor net; the other 60 are not drawn.');
    expect(poor.match(/class="tile/g)).toHaveLength(400);
  });

  it('fall into groups with the teacher', () => {
    const text = textOf(html);
    expect(text).toContain('Teacher right, student wrong · 15');
    expect(text).toContain('Teacher wrong, student right · 10');
    expect(text).toContain('Both wrong · 20');
    expect(text).toContain('On 20 of them both give the same wrong answer');
    expect(text).toContain('Soft targets at T = 20');
  });
});

describe('unusual reports', () => {
  it('leave out what one run alone cannot show', () => {
    const alone = renderReport(makeInput([{ ...baseline, epochs: [] }]));
    for (const id of ['significance', 'curves', 'groups', 'targets']) expect(alone).not.toContain(`"${id}"`);
    expect(textOf(alone)).toContain('70 wrong out of 1000');
  });

  it('stand a run without errors and a history of a single, unevaluated epoch', () => {
    const perfect = makeRun('perfect', 'student', [], {
      epochs: [{ epoch: 1, loss: 0, learningRate: 0, seconds: 1 }],
    });
    const page = renderReport(makeInput([makeRun('teacher', 'teacher', []), perfect]));
    expect(textOf(page)).toContain('perfect net makes no error.');
    expect(textOf(page)).toContain('perfect net makes as many errors as teacher net (p = 1).');
    expect(bodyOf(page)).not.toMatch(/undefined|NaN|Infinity/);
  });

  it('keep a long history short', () => {
    const epochs = range(1, 5001).map((epoch) => ({ epoch, loss: 1 / epoch, learningRate: 0.1, seconds: 1 }));
    const long = renderReport(makeInput([{ ...baseline, epochs }]));
    expect(long.match(/<polyline class="curve baseline" points="([^"]*)"/)![1]!.split(' ').length).toBeLessThan(700);
    expect(textOf(long)).toContain('The same as a table, 24 epochs');
  });

  it('refuse what does not belong together', () => {
    expect(() => renderReport(makeInput([]))).toThrow('at least one run');
    expect(() => renderReport(makeInput([teacher], { side: 6 }))).toThrow('1000 images of 6 × 6 are not 25000 bytes');
    const labels = testLabels.subarray(1);
    const images = testImages.subarray(SIDE * SIDE);
    expect(() => renderReport(makeInput([teacher], { testLabels: labels, testImages: images }))).toThrow(RangeError);
  });
});

describe('the look', () => {
  it.each([
    ['light', LIGHT],
    ['dark', DARK],
  ])('is legible when %s (WCAG AA)', (_, theme) => {
    for (const ink of [theme.ink, theme.secondary, theme.faint, theme.link]) {
      expect(contrast(ink, theme.surface)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(ink, theme.raised)).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast(theme.mark, theme.markSurface)).toBeGreaterThanOrEqual(4.5);
    for (const role of ROLES) {
      expect(contrast(theme.stroke[role], theme.surface)).toBeGreaterThanOrEqual(3);
      for (let level = 1; level <= HEAT_LEVELS; level++) {
        const { background, ink } = heat(theme, role, level);
        expect(contrast(background, ink)).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it('writes numbers one way', () => {
    expect(count(9999).text).toBe('9999');
    expect(count(1_276_810).text).toBe('1<span class="group">276</span><span class="group">810</span>');
    expect(percent(0.9926)).toBe('99.26\u202f%');
    expect([0.56, 0.0021, 0.00000000000000018].map(significant)).toEqual(['0.56', '0.0021', '1.8\u202f×\u202f10⁻¹⁶']);
    expect([4.25, 42, 200, 14_700].map((seconds) => duration(seconds).replaceAll('\u202f', ' '))).toEqual([
      '4.3 s',
      '42 s',
      '3 min 20 s',
      '4 h 05 min',
    ]);
  });
});
