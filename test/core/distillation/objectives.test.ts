/**
 * The objectives in the notation of Hinton et al. 2015: v the teacher's logits, z the student's, p and q their
 * distributions at temperature T, y the label, w the soft weight, B images in N classes.
 */
import { describe, expect, it } from 'vitest';
import type { ObjectiveSpec } from '../../../src-core/contract/spec';
import type { Losses } from '../../../src-core/distillation/objective';
import { createObjective } from '../../../src-core/distillation/objective';
import type { Tensor } from '../../../src-core/tensorflow/engine';
import { tf } from '../../../src-core/tensorflow/engine';
import { expectClose, finiteDifferences, mean, normals, softmax, sum } from '../numbers';

const B = 4;
const N = 10;
const y = [3, 0, 9, 3];

type Rows = number[][];

const rows = (seed: number, deviation = 4): Rows => {
  const values = normals(B * N, seed, deviation);
  return Array.from({ length: B }, (_, row) => [...values.subarray(row * N, (row + 1) * N)]);
};

const z = rows(1);
const v = rows(2);
const u = rows(3);

const HARD: ObjectiveSpec = { kind: 'hard', labelSmoothing: 0 };

type SoftSpec = Extract<ObjectiveSpec, { kind: 'soft' }>;
const soft = (changes: Partial<SoftSpec> = {}): SoftSpec => ({
  kind: 'soft',
  teachers: ['teacher'],
  temperature: 20,
  softWeight: 0.7,
  reduction: 'batchmean',
  standardise: false,
  teacherLogits: 'auto',
  ...changes,
});
const logits = (softWeight: number): ObjectiveSpec => ({
  kind: 'mse-logits',
  teachers: ['teacher'],
  softWeight,
  teacherLogits: 'auto',
});

function lossesOf(spec: ObjectiveSpec, student: Tensor, teachers: readonly Rows[]): Losses {
  const hard = tf.oneHot(tf.tensor1d(y, 'int32'), N).toFloat();
  const values = Float32Array.from(teachers.flat(2));
  return createObjective(spec)(student, {
    hard,
    teacherLogits: teachers.length > 0 ? { teachers: teachers.length, values } : undefined,
  });
}

interface Values {
  readonly total: number;
  readonly hard: number;
  readonly soft: number | undefined;
}

function evaluate(spec: ObjectiveSpec, student: Rows, teachers: readonly Rows[] = [v]): Values {
  return tf.tidy(() => {
    const losses = lossesOf(spec, tf.tensor2d(student), teachers);
    const [total, hard, soft] = losses.values.dataSync();
    expect(losses.total.dataSync()[0]).toBe(total);
    losses.values.dispose();
    return { total: total!, hard: hard!, soft };
  });
}

function gradient(spec: ObjectiveSpec, student: Rows, teachers: readonly Rows[] = [v]): Float32Array {
  return tf.tidy(() => {
    const of = tf.grad((x: Tensor) => {
      const { total, values } = lossesOf(spec, x, teachers);
      values.dispose();
      return total as never;
    });
    return of(tf.tensor2d(student)).dataSync() as Float32Array;
  });
}

/** Mean over the batch of −ln q_y at temperature 1. */
const crossEntropy = (student: Rows): number => mean(student.map((row, image) => -Math.log(softmax(row)[y[image]!]!)));

/** Mean over the batch of KL(p‖q), where p is the mean of the teachers' distributions. */
function divergence(student: Rows, teachers: readonly Rows[], temperature: number): number {
  return mean(
    student.map((row, image) => {
      const q = softmax(row, temperature);
      const p = q.map((_, label) => mean(teachers.map((teacher) => softmax(teacher[image]!, temperature)[label]!)));
      return sum(p.map((share, label) => share * Math.log(share / q[label]!)));
    }),
  );
}

describe('hard', () => {
  it('is the cross-entropy with the labels, and has no soft part', () => {
    const { total, hard, soft: none } = evaluate(HARD, z, []);
    expect(total).toBeCloseTo(crossEntropy(z), 5);
    expect(hard).toBe(total);
    expect(none).toBeUndefined();
  });

  it('has the gradient (q − onehot)/B', () => {
    const expected = z.flatMap((row, image) => softmax(row).map((q, label) => (q - +(label === y[image])) / B));
    expectClose(gradient(HARD, z, []), expected, 1e-6);
  });
});

describe('soft', () => {
  it.each([1, 2.5, 8, 20])('is T²·KL(p‖q), mean over the batch, at T = %d', (temperature) => {
    const expected = temperature ** 2 * divergence(z, [v], temperature);
    const { total, soft: value, hard } = evaluate(soft({ temperature }), z);
    // The engine computes KL in float32, and T² multiplies its rounding.
    const tolerance = 1e-6 * temperature ** 2 + 1e-5 * expected;
    expect(Math.abs(value! - expected)).toBeLessThan(tolerance);
    expect(hard).toBeCloseTo(crossEntropy(z), 5);
    expect(Math.abs(total - (0.7 * expected + 0.3 * crossEntropy(z)))).toBeLessThan(tolerance);
  });

  it('goes from the teacher to the student: KL(p‖q), not KL(q‖p)', () => {
    const { soft: value } = evaluate(soft({ temperature: 2.5 }), z);
    const [forward, backward] = [divergence(z, [v], 2.5), divergence(v, [z], 2.5)].map((kl) => 2.5 ** 2 * kl);
    expect(Math.abs(forward! - backward!)).toBeGreaterThan(0.1);
    expect(value).toBeCloseTo(forward!, 4);
  });

  it('"blog" divides by B×N, as nn.KLDivLoss() does', () => {
    const { total, soft: value, hard } = evaluate(soft({ reduction: 'blog' }), z);
    const elements = z.flatMap((row, image) => {
      const [p, q] = [softmax(v[image]!, 20), softmax(row, 20)];
      return p.map((share, label) => share * (Math.log(share) - Math.log(q[label]!)));
    });
    expect(elements).toHaveLength(B * N);
    const blog = mean(elements) * 20 ** 2;
    expect(value).toBeCloseTo(blog, 4);
    expect(total).toBeCloseTo(0.7 * blog + 0.3 * hard, 4);
    // science.md, section 4: 0.7·KL_mean·T² + 0.3·CE ≡ 0.37·[0.19·T²·KL + 0.81·CE].
    const kl = divergence(z, [v], 20);
    expect(total).toBeCloseTo(0.37 * ((0.07 / 0.37) * 400 * kl + (0.3 / 0.37) * hard), 4);
  });

  it('"blog" has a tenth of the soft gradient', () => {
    const tenth = gradient(soft({ softWeight: 1 }), z).map((value) => value / N);
    expectClose(gradient(soft({ reduction: 'blog', softWeight: 1 }), z), tenth, 1e-7);
  });

  it.each([1, 2.5, 20])('has the gradient T·(q − p)/B at T = %d', (temperature) => {
    const expected = z.flatMap((row, image) => {
      const p = softmax(v[image]!, temperature);
      return softmax(row, temperature).map((q, label) => (temperature * (q - p[label]!)) / B);
    });
    expectClose(gradient(soft({ temperature, softWeight: 1 }), z), expected, 1e-6);
    const hard = gradient(HARD, z, []);
    const weighted = expected.map((value, index) => 0.7 * value + 0.3 * hard[index]!);
    expectClose(gradient(soft({ temperature }), z), weighted, 1e-6);
  });

  it.each([soft({ temperature: 2.5 }), soft({ temperature: 2.5, reduction: 'blog' }), logits(0.7)])(
    'and its kin differentiate as finite differences do: %o',
    (spec) => {
      const valueAt = (values: ArrayLike<number>): number => {
        const student = z.map((row, image) => row.map((_, label) => values[image * N + label]!));
        return evaluate(spec, student).total;
      };
      const expected = finiteDifferences(valueAt, Float32Array.from(z.flat()), 2 ** -5);
      expectClose(gradient(spec, z), expected, 1e-3);
    },
  );

  it('keeps its gradient’s size when T changes, which is what T² is for', () => {
    const sizeAt = (temperature: number): number =>
      sum([...gradient(soft({ temperature, softWeight: 1 }), z)].map((value) => Math.abs(value)));
    expect(sizeAt(200) / sizeAt(20)).toBeGreaterThan(0.5);
    expect(sizeAt(200) / sizeAt(20)).toBeLessThan(2);
  });

  it('of several teachers learns from the mean of their distributions', () => {
    const expected = 2.5 ** 2 * divergence(z, [v, u], 2.5);
    expect(evaluate(soft({ temperature: 2.5 }), z, [v, u]).soft).toBeCloseTo(expected, 4);
    const gradientByHand = z.flatMap((row, image) => {
      const [p1, p2] = [softmax(v[image]!, 2.5), softmax(u[image]!, 2.5)];
      return softmax(row, 2.5).map((q, label) => (2.5 * (q - (p1[label]! + p2[label]!) / 2)) / B);
    });
    expectClose(gradient(soft({ temperature: 2.5, softWeight: 1 }), z, [v, u]), gradientByHand, 1e-6);
  });

  it('of a teacher twice is that of the teacher', () => {
    expect(evaluate(soft(), z, [v, v]).soft).toBeCloseTo(evaluate(soft(), z).soft!, 4);
  });

  it('is nothing for a student that equals its teacher', () => {
    expect(Math.abs(evaluate(soft(), v).soft!)).toBeLessThan(400 * 1e-6);
    expectClose(gradient(soft({ softWeight: 1 }), v), new Float32Array(B * N), 1e-6);
  });

  it('is finite for a teacher that is certain', () => {
    const certain = v.map((row) => row.map((_, label) => (label === 0 ? 1000 : -1000)));
    const { total, soft: value } = evaluate(soft({ temperature: 1 }), z, [certain]);
    const expected = mean(z.map((row) => -Math.log(softmax(row)[0]!)));
    expect(value).toBeCloseTo(expected, 4);
    expect(Number.isFinite(total)).toBe(true);
    expect(gradient(soft({ temperature: 1 }), z, [certain]).every(Number.isFinite)).toBe(true);
  });
});

describe('mse-logits', () => {
  const half = (student: Rows, teachers: readonly Rows[]): number =>
    mean(
      student.flatMap((row, image) =>
        row.map((value, label) => 0.5 * (value - mean(teachers.map((teacher) => teacher[image]![label]!))) ** 2),
      ),
    );

  it('is ½(z − v)², mean over batch and classes', () => {
    const { total, soft: value, hard } = evaluate(logits(0.7), z);
    expect(value).toBeCloseTo(half(z, [v]), 4);
    expect(total).toBeCloseTo(0.7 * half(z, [v]) + 0.3 * crossEntropy(z), 4);
    expect(hard).toBeCloseTo(crossEntropy(z), 5);
  });

  it('of several teachers learns from the mean of their logits', () => {
    expect(evaluate(logits(1), z, [v, u]).soft).toBeCloseTo(half(z, [v, u]), 4);
  });

  it('has the gradient (z − v)/(B·N)', () => {
    const expected = z.flatMap((row, image) => row.map((value, label) => (value - v[image]![label]!) / (B * N)));
    expectClose(gradient(logits(1), z), expected, 1e-6);
  });

  it('is what soft targets become as T grows, for logits with zero mean', () => {
    const centred = (values: Rows): Rows => values.map((row) => row.map((value) => value - mean(row)));
    const [student, teacher] = [centred(z), centred(v)];
    const matching = gradient(logits(1), student, [teacher]);
    const distanceAt = (temperature: number): number => {
      const warm = gradient(soft({ temperature, softWeight: 1 }), student, [teacher]);
      return Math.max(...warm.map((value, index) => Math.abs(value - matching[index]!)));
    };
    const [at20, at100, at500] = [20, 100, 500].map(distanceAt);
    expect(at100!).toBeLessThan(at20! / 3);
    expect(at500!).toBeLessThan(at100! / 3);
    expect(at500!).toBeLessThan(0.02 * Math.max(...matching.map(Math.abs)));
    const value = evaluate(soft({ temperature: 100 }), student, [teacher]).soft!;
    expect(Math.abs(value / half(student, [teacher]) - 1)).toBeLessThan(0.05);
  });
});

describe('hard with smoothed labels', () => {
  it('gives ε/N to every class and takes it from the true one', () => {
    const share = 0.1;
    const expected = mean(
      z.map((row, image) =>
        sum(
          softmax(row).map((q, label) => {
            const target = (label === y[image] ? 1 - share : 0) + share / N;
            return -target * Math.log(q);
          }),
        ),
      ),
    );
    expect(evaluate({ kind: 'hard', labelSmoothing: share }, z, []).total).toBeCloseTo(expected, 5);
  });
});

describe('soft with standardised logits', () => {
  const standardise = (of: Rows): Rows =>
    of.map((row) => {
      const centre = mean(row);
      const deviation = Math.sqrt(sum(row.map((value) => (value - centre) ** 2)) / (N - 1));
      return row.map((value) => (value - centre) / deviation);
    });
  const spec = soft({ temperature: 2, standardise: true });

  it('is the same of logits with mean 0 and deviation 1, by the N − 1 formula; the hard part is not standardised', () => {
    const expected = 4 * divergence(standardise(z), [standardise(v)], 2);
    const { total, soft: value, hard } = evaluate(spec, z);
    expect(value).toBeCloseTo(expected, 5);
    expect(hard).toBeCloseTo(crossEntropy(z), 5);
    expect(total).toBeCloseTo(0.7 * expected + 0.3 * crossEntropy(z), 5);
  });

  it('does not see the size or the place of the student’s logits', () => {
    const moved = z.map((row) => row.map((value) => 3 * value + 5));
    expect(evaluate(spec, moved).soft).toBeCloseTo(evaluate(spec, z).soft!, 5);
  });

  it('has the gradient of finite differences', () => {
    const valueAt = (values: ArrayLike<number>): number =>
      evaluate(
        spec,
        Array.from({ length: B }, (_, row) => Array.from({ length: N }, (_, label) => values[row * N + label]!)),
      ).total;
    expectClose(gradient(spec, z), finiteDifferences(valueAt, Float32Array.from(z.flat()), 2 ** -6), 2e-3);
  });
});

describe('decoupled', () => {
  const spec = (changes: Partial<Extract<ObjectiveSpec, { kind: 'decoupled' }>> = {}): ObjectiveSpec => ({
    kind: 'decoupled',
    teachers: ['teacher'],
    temperature: 4,
    alpha: 1,
    beta: 8,
    softWeight: 0.6,
    teacherLogits: 'auto',
    ...changes,
  });
  /** KL of "true or not" and KL among the others, by the definitions. */
  const parts = (student: Rows, teachers: readonly Rows[], temperature: number): [number, number] => {
    const pairs = student.map((row, image) => {
      const q = softmax(row, temperature);
      const p = q.map((_, label) => mean(teachers.map((teacher) => softmax(teacher[image]!, temperature)[label]!)));
      const label = y[image]!;
      const [pt, qt] = [p[label]!, q[label]!];
      const binary = pt * Math.log(pt / qt) + (1 - pt) * Math.log((1 - pt) / (1 - qt));
      const others = sum(
        p.map((share, other) =>
          other === label ? 0 : (share / (1 - pt)) * Math.log(share / (1 - pt) / (q[other]! / (1 - qt))),
        ),
      );
      return [binary, others] as const;
    });
    return [mean(pairs.map(([binary]) => binary)), mean(pairs.map(([, others]) => others))];
  };

  it.each([[[v]], [[v, u]]])('is T²·(α·KL of the true class + β·KL of the others)', (teachers) => {
    const [binary, others] = parts(z, teachers, 4);
    const { total, soft: value, hard } = evaluate(spec(), z, teachers);
    expect(value! / (16 * (binary + 8 * others))).toBeCloseTo(1, 4);
    expect(hard).toBeCloseTo(crossEntropy(z), 5);
    expect(total / (0.6 * 16 * (binary + 8 * others) + 0.4 * crossEntropy(z))).toBeCloseTo(1, 4);
  });

  it('has the gradient of finite differences', () => {
    const valueAt = (values: ArrayLike<number>): number =>
      evaluate(
        spec(),
        Array.from({ length: B }, (_, row) => Array.from({ length: N }, (_, label) => values[row * N + label]!)),
      ).total;
    expectClose(gradient(spec(), z), finiteDifferences(valueAt, Float32Array.from(z.flat()), 2 ** -6), 5e-3);
  });

  it('stays finite where the teacher is certain', () => {
    const certain = v.map((row, image) => row.map((_, label) => (label === y[image] ? 4000 : 0)));
    expect(Number.isFinite(evaluate(spec(), z, [certain]).total)).toBe(true);
    expect(gradient(spec(), z, [certain]).every(Number.isFinite)).toBe(true);
  });
});
