import type { Series } from '../../charts/series';
import type { Role } from '../../stores/compare';
import type { useRuns } from '../../stores/runs';

const OWN = { teacher: 'teacher', student: 'student-stroke', baseline: 'baseline' } as const;

/**
 * A curve a run. The first of a role has the role's colour; the colours of further ones come round again as dashes,
 * so that no two of eight look alike.
 */
export function curvesOf(
  chosen: readonly { readonly id: string; readonly role: Role }[],
  runs: Pick<ReturnType<typeof useRuns>, 'metrics' | 'titleOf'>,
  column: 'testErrors' | 'testLoss',
): Series[] {
  const seen = { teacher: 0, student: 0, baseline: 0 };
  return chosen.map(({ id, role }) => {
    const metrics = runs.metrics(id);
    const nth = seen[role]++;
    const colours = [OWN[role], 'other', 'ink', 'done'] as const;
    return {
      name: runs.titleOf(id),
      colour: colours[Math.floor(nth / 2) % colours.length]!,
      dashed: nth % 2 === 1,
      x: metrics.epoch.values,
      y: metrics.columns[column].values,
    };
  });
}
