import { describe, expect, it } from 'vitest';
import { Metrics } from '../../renderer/stores/metrics';

const record = (epoch: number, testErrors?: number) => ({
  epoch,
  step: epoch * 10,
  loss: 1 / epoch,
  hardLoss: 1 / epoch,
  learningRate: 0.1,
  seconds: epoch,
  stepMilliseconds: 6,
  ...(testErrors === undefined ? {} : { testErrors }),
});

describe('the curves of a run', () => {
  it('keep NaN where an epoch was not evaluated', () => {
    const metrics = new Metrics();
    metrics.append(record(1, 300));
    metrics.append(record(2));
    expect([...metrics.columns.testErrors.values]).toEqual([300, NaN]);
  });

  it('replace what a resumed run trains again', () => {
    const metrics = new Metrics();
    for (const epoch of [1, 2, 3]) metrics.append(record(epoch, 100 * epoch));
    metrics.append(record(2, 7));
    expect([...metrics.epoch.values]).toEqual([1, 2]);
    expect([...metrics.columns.testErrors.values]).toEqual([100, 7]);
  });

  it('keep an epoch that arrived while the folder was being read', () => {
    const metrics = new Metrics();
    metrics.append(record(3, 30));
    metrics.load([record(1, 10), record(2, 20)]);
    expect([...metrics.columns.testErrors.values]).toEqual([10, 20, 30]);
  });

  it('have the newest epoch as it was recorded, whichever way it came', () => {
    const share = (epoch: number) => ({
      ...record(epoch),
      softGradientShare: { withFactor: epoch / 10, withoutFactor: 0.1 },
    });
    const metrics = new Metrics();
    metrics.load([share(1), share(2)]);
    expect(metrics.newest).toEqual(share(2));
    metrics.append(share(3));
    metrics.load([share(1), share(2)]);
    expect(metrics.newest).toEqual(share(3));
    metrics.load([share(1), share(2), share(3), share(4)]);
    expect(metrics.newest).toEqual(share(4));
  });

  it('grow beyond their first size', () => {
    const metrics = new Metrics();
    for (let epoch = 1; epoch <= 200; epoch++) metrics.append(record(epoch));
    expect(metrics.epoch.length).toBe(200);
    expect(metrics.epoch.at(-1)).toBe(200);
  });
});
