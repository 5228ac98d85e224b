import type { Series } from '../../charts/series';
import type { useRuns } from '../../stores/runs';

const COLOURS = ['teacher', 'student-stroke', 'other', 'baseline'] as const;

/** A curve a run; the colours come round again as dashes, so that no two of eight look alike. */
export function curvesOf(
  ids: readonly string[],
  runs: Pick<ReturnType<typeof useRuns>, 'metrics' | 'titleOf'>,
  column: 'testErrors' | 'testLoss',
): Series[] {
  return ids.map((id, at) => {
    const metrics = runs.metrics(id);
    return {
      name: runs.titleOf(id),
      colour: COLOURS[at % COLOURS.length]!,
      dashed: Math.floor(at / COLOURS.length) % 2 === 1,
      x: metrics.epoch.values,
      y: metrics.columns[column].values,
    };
  });
}
