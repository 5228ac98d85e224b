/** Trains runs in a terminal: progress, Ctrl-C, what came out. */
import { dim } from 'ansis';
import { LabError } from '../contract/errors';
import { NO_TEACHER, findPreset } from '../experiments/presets';
import type { Run } from '../experiments/run-store';
import type { Lab } from '../lab';
import { grouped } from './format';
import { onInterrupt } from './interrupt';
import type { Output } from './output';
import { progressDisplay } from './progress';
import { evaluationText } from './results';
import type { SpecOptions } from './spec-options';
import { overlay, readSpec, withRecipe } from './spec-options';

/** How a person goes on with a run. */
function resumeLine(run: Run): string {
  return `npm run lab -- resume ${Number.parseInt(run.id, 10)}`;
}

/**
 * Trains a run to its end.
 * @param from the checkpoint to go on from; the last when left out
 * @throws LabError `cancelled` after Ctrl-C, once the checkpoint is written
 */
export async function trainToEnd(lab: Lab, run: Run, output: Output, from?: string): Promise<void> {
  const active = await lab.activate(run, from);
  announce(run, output);
  const display = output.json ? undefined : progressDisplay(run.spec.name || run.id, run.spec.training.epochs);
  const ignoreInterrupts = onInterrupt(() => active.session.stop());
  try {
    for await (const event of active.events()) {
      display?.show(event);
      if (event.type !== 'progress') output.value(event);
    }
  } finally {
    ignoreInterrupts();
    display?.end();
  }
  if (run.status === 'stopped') {
    const { epoch, step } = run.checkpoint();
    throw new LabError(
      'cancelled',
      `Stopped run ${run.id} after ${epoch} of ${run.spec.training.epochs} epochs, at step ${step}; the checkpoint is written.`,
      `Go on with \`${resumeLine(run)}\`.`,
    );
  }
}

/** One line on a run that begins or goes on. */
function announce(run: Run, output: Output): void {
  const { model, images, checkpoints } = run.record;
  const { epochs } = run.spec.training;
  const begun = checkpoints.at(-1);
  const facts = [
    model.summary,
    `${grouped(model.parameterCount)} parameters`,
    `${grouped(images.training)} images`,
    begun ? `epoch ${begun.epoch} of ${epochs} done` : `${epochs} epochs`,
    `seed ${run.spec.seed}`,
  ];
  output.note(`Run ${run.id} ${dim(facts.join(' · '))}`);
}

async function trainNew(lab: Lab, spec: unknown, output: Output): Promise<void> {
  const run = await lab.create(spec);
  await trainToEnd(lab, run, output);
  await tellResult(lab, run, output);
}

async function tellResult(lab: Lab, run: Run, output: Output): Promise<void> {
  const evaluation = await lab.evaluate(run);
  output.text(...evaluationText(run, evaluation));
  output.value({ type: 'result', ...evaluation });
}

export async function trainCommand(lab: Lab, output: Output, options: SpecOptions, source: string): Promise<void> {
  const spec = readSpec(source, options, lab.folder);
  if (JSON.stringify(spec).includes(`"${NO_TEACHER}"`)) {
    throw new LabError(
      'bad-input',
      `${source} is a student's preset and needs a teacher.`,
      `Use \`npm run lab -- distill --teacher RUN --preset ${source}\`.`,
    );
  }
  await trainNew(lab, spec, output);
}

interface DistillOptions extends SpecOptions {
  readonly teacher: readonly string[];
  readonly preset: string;
  readonly temperature?: string;
  readonly softWeight?: string;
}

export async function distillCommand(lab: Lab, output: Output, options: DistillOptions): Promise<void> {
  const preset = findPreset(options.preset);
  if (!preset.needsTeacher) {
    throw new LabError('bad-input', `${preset.name} learns from labels alone.`, `Use \`train ${preset.name}\`.`);
  }
  const set = [
    `objective.teachers=${JSON.stringify(options.teacher)}`,
    ...(options.temperature === undefined ? [] : [`objective.temperature=${options.temperature}`]),
    ...(options.softWeight === undefined ? [] : [`objective.softWeight=${options.softWeight}`]),
    ...(options.set ?? []),
  ];
  await trainNew(lab, overlay(withRecipe(preset.spec, options, lab.folder), { ...options, set }), output);
}

export async function resumeCommand(
  lab: Lab,
  output: Output,
  options: { readonly checkpoint?: string },
  reference: string,
): Promise<void> {
  const run = lab.open(reference);
  if (run.status === 'finished' && options.checkpoint === undefined) {
    output.note(`Run ${run.id} is finished already.`);
  } else {
    await trainToEnd(lab, run, output, options.checkpoint);
  }
  await tellResult(lab, run, output);
}
