/** What a report on some runs is made from, read out of their folders. */
import type { RunRecord } from '../contract/run';
import type { Dataset } from '../data/dataset';
import type { Logits } from '../evaluation/logits';
import type { ReportInput, ReportRun } from './report';
import { titleOf } from './run-notes';
import type { Run } from './run-store';

function roleOf(run: Run, all: readonly Run[]): ReportRun['role'] {
  if (run.record.teachers.length > 0) return 'student';
  if (all.some((other) => other.record.teachers.some((teacher) => teacher.run === run.id))) return 'teacher';
  const student = all.find((other) => other.record.teachers.length > 0);
  return student?.record.model.summary === run.record.model.summary ? 'baseline' : 'other';
}

function environmentLines({ environment }: RunRecord): string[] {
  const { tensorflow, device, processor, threads, node, platform, lab, gitCommit } = environment;
  return [
    `TensorFlow ${tensorflow}, ${device.toUpperCase()}, ${threads} threads`,
    `${processor}, ${platform}, Node ${node}`,
    `Distill Lab ${lab}${gitCommit ? `, commit ${gitCommit.slice(0, 12)}` : ''}`,
  ];
}

/**
 * @param runs with the test logits of their last checkpoints
 * @param commands that make these runs again
 */
export function reportInput(
  title: string,
  runs: readonly { readonly run: Run; readonly testLogits: Logits }[],
  dataset: Dataset,
  commands: readonly string[],
): ReportInput {
  const all = runs.map(({ run }) => run);
  return {
    title,
    generatedAt: new Date().toISOString(),
    commands,
    runs: runs.map(({ run, testLogits }) => {
      const { record } = run;
      const metrics = run.metrics();
      const steps = metrics.at(-1)?.step ?? 0;
      const seconds = metrics.at(-1)?.seconds ?? 0;
      return {
        id: run.id,
        name: titleOf(run),
        role: roleOf(run, all),
        spec: record.spec,
        ...(record.imported ? { imported: record.imported.file } : {}),
        environment: environmentLines(record),
        parameters: record.model.parameterCount,
        multiplyAdds: record.model.multiplyAdds,
        epochs: metrics,
        stepMilliseconds: steps > 0 ? (1000 * seconds) / steps : 0,
        totalSeconds: seconds,
        testLogits,
      };
    }),
    testImages: dataset.test.images,
    testLabels: dataset.test.labels,
    side: dataset.side,
  };
}
