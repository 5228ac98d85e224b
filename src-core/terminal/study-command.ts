/** Runs a study from a file: one line of progress, a table of what came out. */
import { existsSync, readFileSync } from 'node:fs';
import { LabError, messageOf } from '../contract/errors';
import { parseStudy } from '../contract/study';
import { mean, sampleDeviation } from '../evaluation/spread';
import type { Lab } from '../lab';
import type { CellStatus } from '../studies/study-cells';
import type { Output } from './output';
import type { StudyCommandOptions } from './run-study';
import { plainCell, runStudy, throwStopped } from './run-study';
import { renderTable } from './table';

/** @throws LabError when the file cannot be read or is no JSON */
function readStudyFile(file: string): unknown {
  if (!existsSync(file)) throw new LabError('bad-input', `There is no file ${file}.`);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    throw new LabError('bad-input', `${file} cannot be read as a study: ${messageOf(error)}.`);
  }
}

/** Cells that differ in nothing but their seed. */
function rowsOf(statuses: readonly CellStatus[]): Map<string, CellStatus[]> {
  const rows = new Map<string, CellStatus[]>();
  for (const status of statuses) {
    const { group, values } = status.cell;
    const name = [
      group,
      ...Object.entries(values).map(([path, value]) => `${path.split('.').at(-1)} ${JSON.stringify(value)}`),
    ];
    const key = name.join(' · ');
    rows.set(key, [...(rows.get(key) ?? []), status]);
  }
  return rows;
}

export async function studyCommand(
  lab: Lab,
  output: Output,
  options: StudyCommandOptions,
  file: string,
): Promise<void> {
  const study = parseStudy(readStudyFile(file));
  const { statuses, ended } = await runStudy(lab, output, study, options);
  const errorsOf = ({ run }: CellStatus): number | undefined =>
    run === undefined ? undefined : lab.open(run).record.checkpoints.at(-1)?.testErrors;
  const rows = [...rowsOf(statuses)].map(([name, ofRow]) => {
    const finished = ofRow.filter(({ state }) => state === 'finished');
    const errors = finished.map(errorsOf).filter((each) => each !== undefined);
    const spread = sampleDeviation(errors);
    return { name, errors, failed: ofRow.filter(({ state }) => state === 'failed').length, spread };
  });
  output.text(
    ...renderTable(
      [
        { title: 'runs' },
        { title: 'seeds', align: 'right' },
        { title: 'test errors', align: 'right' },
        { title: 's.d.', align: 'right' },
        { title: '' },
      ],
      rows.map(({ name, errors, failed, spread }) => [
        name,
        String(errors.length),
        errors.length === 0 ? '–' : mean(errors).toFixed(1),
        spread === undefined ? '–' : spread.toFixed(1),
        failed > 0 ? `${failed} failed` : '',
      ]),
    ),
  );
  output.value({ type: 'result', study: study.name, cells: statuses.map(plainCell) });
  if (!ended) throwStopped(study.name);
}
