/** `reproduce`: "fast" is teacher, baseline and student, a table and a report; the others are studies. */
import { bold, dim } from 'ansis';
import { join } from 'node:path';
import { LabError } from '../contract/errors';
import { STUDIES } from '../contract/scorecard';
import { suggestion } from '../contract/suggest';
import { findPreset, NO_TEACHER } from '../experiments/presets';
import type { Run } from '../experiments/run-store';
import type { Lab } from '../lab';
import type { Output } from './output';
import { writeReport } from './result-commands';
import { comparisonText, confusionText, resultTable } from './results';
import type { ScorecardOptions } from './scorecard-command';
import { scorecardCommand } from './scorecard-command';
import type { SpecOptions } from './spec-options';
import { overlay } from './spec-options';
import { trainToEnd } from './train-command';

interface ReproduceOptions extends SpecOptions, ScorecardOptions {
  readonly again?: boolean;
}

const STAGES = ['fast-teacher', 'fast-baseline', 'fast-student'] as const;

/** A spec with its teacher's place filled. */
function withTeacher(spec: unknown, teacher: Run | undefined): unknown {
  return teacher ? JSON.parse(JSON.stringify(spec).replaceAll(`"${NO_TEACHER}"`, JSON.stringify(teacher.id))) : spec;
}

export async function reproduceCommand(
  lab: Lab,
  output: Output,
  options: ReproduceOptions,
  study: string,
): Promise<void> {
  const known = ['fast', ...STUDIES];
  if (!known.includes(study)) {
    throw new LabError('bad-input', `There is no study "${study}".`, suggestion(study, known));
  }
  const { scale, claim, addSeed, workers, retryFailed, retrain, again, set, seed, epochs, name } = options;
  const refuse = (given: Readonly<Record<string, unknown>>): void => {
    const [flag] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
    if (flag) throw new LabError('bad-input', `reproduce ${study} has no --${flag}.`, 'Leave it out.');
  };
  if (study === 'fast') {
    const { engine, address, nodeProgram, nodeLab, fetch, cpus, gpus } = options;
    refuse({ engine, address, 'node-program': nodeProgram, 'node-lab': nodeLab, fetch, cpus, gpus });
    refuse({ scale, claim, 'add-seed': addSeed, workers, 'retry-failed': retryFailed, retrain });
    return reproduceFast(lab, output, options);
  }
  refuse({ again, set, seed, epochs, name });
  return scorecardCommand(lab, output, options, study);
}

async function reproduceFast(lab: Lab, output: Output, options: ReproduceOptions): Promise<void> {
  const study = 'fast';
  const runs: Run[] = [];
  for (const [index, stage] of STAGES.entries()) {
    const spec = withTeacher(overlay(findPreset(stage).spec, options), runs[0]);
    const run = options.again ? await lab.create(spec) : await lab.findOrCreate(spec);
    output.note(bold(`${index + 1} of ${STAGES.length}: ${run.spec.name}`));
    if (run.status === 'finished') output.note(dim(`Run ${run.id} is there already; --again trains anew.`));
    else await trainToEnd(lab, run, output);
    runs.push(run);
  }
  const [teacher, baseline, student] = runs as [Run, Run, Run];
  const teacherLogits = (await lab.logits(teacher))!;
  const rows = [];
  for (const run of [teacher, baseline, student]) {
    rows.push({ run, figures: await lab.figures(run, run === teacher ? undefined : teacherLogits) });
  }
  const comparison = await lab.compare(student, baseline);
  const command = `npm run lab -- reproduce ${study}${options.seed ? ` --seed ${options.seed}` : ''}`;
  const file = join(lab.folder, 'reports', `${study}-seed-${student.spec.seed}.html`);
  await writeReport(
    lab,
    [teacher, baseline, student],
    'Distilling the knowledge in a neural network: fast',
    [command],
    file,
  );
  output.text(
    '',
    ...resultTable(rows),
    '',
    comparisonText(comparison, student, baseline),
    '',
    ...rows.flatMap(({ run, figures }) => [...confusionText(run.spec.name, figures), '']),
    `Report: ${bold(file)}`,
    dim(`Runs: ${lab.folder}. More: npm run lab -- runs, evaluate, compare, export; npm run lab -- --help.`),
  );
  output.value({
    type: 'result',
    runs: rows.map(({ run, figures }) => ({ run: run.id, ...figures })),
    comparison,
    report: file,
  });
}
