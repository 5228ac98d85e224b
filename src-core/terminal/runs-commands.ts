/** `runs`: what is in the lab folder. */
import { bold, dim, green, red, yellow } from 'ansis';
import type { RunStatus } from '../contract/run';
import type { Run } from '../experiments/run-store';
import type { Lab } from '../lab';
import { confirmDeletion } from './confirm';
import { duration, grouped } from './format';
import type { Output } from './output';
import { renderTable } from './table';

/** Shape as well as colour: ring running, dot done, square stopped. */
const MARKS: Readonly<Record<RunStatus, string>> = {
  created: dim('○'),
  running: yellow('◌'),
  stopped: yellow('■'),
  finished: green('●'),
  failed: red('✕'),
};

function summary(run: Run): Record<string, unknown> {
  const { id, createdAt, model, checkpoints, best } = run.record;
  const last = run.metrics().at(-1);
  return {
    id,
    name: run.spec.name,
    status: run.status,
    createdAt,
    model: model.summary,
    seed: run.spec.seed,
    epoch: checkpoints.at(-1)?.epoch ?? 0,
    epochs: run.spec.training.epochs,
    testErrors: last?.testErrors ?? null,
    best: best ?? null,
    teachers: run.record.teachers.map((teacher) => teacher.run),
  };
}

export async function runsList(lab: Lab, output: Output): Promise<void> {
  const runs = lab.runs();
  if (runs.length === 0) {
    output.text(`No runs yet in ${lab.folder}. Begin with \`npm start\` or \`npm run lab -- train fast-teacher\`.`);
    return;
  }
  for (const run of runs) output.value('record' in run ? summary(run) : run);
  const rows = runs.map((run) => {
    if (!('record' in run)) return [red('✕'), run.id, '', '', '', red(run.damage)];
    const { epochs } = run.spec.training;
    const { imported, checkpoints, failure } = run.record;
    const last = run.metrics().at(-1) ?? checkpoints.at(-1);
    return [
      MARKS[run.status],
      bold(run.id),
      run.record.model.summary,
      imported ? '–' : `${checkpoints.at(-1)?.epoch ?? 0}/${epochs}`,
      last?.testErrors === undefined ? '–' : grouped(last.testErrors),
      failure ? red(failure) : imported ? `imported from ${imported.file}` : run.status,
    ];
  });
  output.text(
    ...renderTable(
      [
        { title: ' ' },
        { title: 'run' },
        { title: 'model' },
        { title: 'epochs', align: 'right' },
        { title: 'test errors', align: 'right' },
        { title: 'status' },
      ],
      rows,
    ),
  );
}

export async function runsShow(lab: Lab, output: Output, _options: unknown, reference: string): Promise<void> {
  const run = lab.open(reference);
  const { record } = run;
  const metrics = run.metrics();
  output.value({ ...record, status: run.status, metrics });
  const { environment } = record;
  output.text(
    `${MARKS[run.status]} ${bold(run.id)} ${dim(run.status)}${record.failure ? ` ${red(record.failure)}` : ''}`,
    `  folder       ${run.path}`,
    `  model        ${record.model.summary}, ${grouped(record.model.parameterCount)} parameters, ${grouped(record.model.multiplyAdds)} multiply-adds an image`,
    ...(record.imported ? [`  imported     from ${record.imported.file}: what trained it is not known`] : []),
    `  data set     ${record.spec.data.dataset}`,
    `  images       ${grouped(record.images.training)} to learn from, ${grouped(record.images.validation)} for validation`,
    `  teachers     ${record.teachers.map(({ run: id, checkpoint }) => `${id} at ${checkpoint}`).join(', ') || 'none'}`,
    `  computed by  TensorFlow ${environment.tensorflow}, ${environment.device.toUpperCase()}, ${environment.threads} threads, ${environment.processor}`,
    `  checkpoints  ${record.checkpoints.map(({ name }) => name).join(', ') || 'none'}`,
    ...(record.best
      ? [
          `  best         ${record.best.checkpoint}, selected on ${record.best.selectedOn === 'test' ? yellow('test') : 'validation'} images`,
        ]
      : []),
    '',
    ...renderTable(
      [
        { title: 'epoch', align: 'right' },
        { title: 'loss', align: 'right' },
        { title: 'test errors', align: 'right' },
        { title: 'validation errors', align: 'right' },
        { title: 'learning rate', align: 'right' },
        { title: 'trained', align: 'right' },
      ],
      metrics.map((epoch) => [
        String(epoch.epoch),
        epoch.loss.toFixed(4),
        String(epoch.testErrors ?? '–'),
        String(epoch.validationErrors ?? '–'),
        epoch.learningRate.toPrecision(3),
        duration(epoch.seconds),
      ]),
    ),
    '',
    JSON.stringify(run.spec, null, 2),
  );
}

export async function runsDelete(
  lab: Lab,
  output: Output,
  options: { readonly yes?: boolean },
  ...given: unknown[]
): Promise<void> {
  const ids = [...new Set((given.flat() as string[]).map((reference) => lab.store.resolve(reference)))];
  const warnings = ids.flatMap((id) => {
    const students = lab.studentsOf(id).filter((student) => !ids.includes(student));
    return students.length > 0 ? [`${id} is the teacher of ${students.join(', ')}, which then cannot be resumed.`] : [];
  });
  for (const warning of warnings) output.note(yellow(warning));
  if (!options.yes) await confirmDeletion(ids.join(', '));
  for (const id of ids) {
    await lab.delete(id);
    output.text(`Deleted ${id}.`);
    output.value({ deleted: id });
  }
}
