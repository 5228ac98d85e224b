/** Short texts that several sections share: who a run is, and the marks that say what was selected on what. */
import { MNIST } from '../contract/dataset';
import type { ModelSpec, RunSpec } from '../contract/spec';
import type { MeasuredRun } from './report-figures';
import { markup, nameOf } from './report-markup';
import type { Markup } from './report-markup';
import type { ReportRun } from './report';

/** The run's name after its role's colour and shape. */
export function label({ role, name }: ReportRun): Markup {
  return markup`<span class="${role}"><span class="key"></span></span>${nameOf(name)}`;
}

function network(model: ModelSpec, inputs: number, classes: number): string {
  const dropout = model.dropout.some((share) => share > 0)
    ? ` · dropout ${model.dropout.map((share) => String(share).replace(/^0\./, '.')).join(' ')}`
    : '';
  const layers =
    model.kind === 'mlp' ? [inputs, ...model.hidden, classes].join('-') : `CNN, ${model.hidden} hidden units`;
  return layers + dropout;
}

function objective({ objective: chosen }: RunSpec): string[] {
  switch (chosen.kind) {
    case 'hard':
      return ['hard labels', ...(chosen.labelSmoothing > 0 ? [`smoothed by ${chosen.labelSmoothing}`] : [])];
    case 'soft':
      return [
        `T ${chosen.temperature}`,
        `w ${chosen.softWeight}`,
        ...(chosen.standardise ? ['standardised logits'] : []),
      ];
    case 'decoupled':
      return [`decoupled α ${chosen.alpha} β ${chosen.beta}`, `T ${chosen.temperature}`, `w ${chosen.softWeight}`];
    case 'mse-logits':
      return ['squared error of logits', `w ${chosen.softWeight}`];
  }
}

/** A spec in one line: "784-800-800-10 · T 20 · w 0.9 · 40 epochs · seed 1". */
export function summaryOf({ spec, testLogits, imported }: ReportRun, side: number): string {
  const { data } = spec;
  const dataset = data.dataset === MNIST ? [] : [data.dataset];
  if (imported !== undefined) {
    return [network(spec.model, side * side, testLogits.classes), ...dataset, `imported from ${imported}`].join(' · ');
  }
  const omitted = Array.from({ length: testLogits.classes }, (_, index) => index).filter(
    (index) => !data.classes.includes(index),
  );
  return [
    network(spec.model, side * side, testLogits.classes),
    ...objective(spec),
    ...dataset,
    ...(omitted.length > 0 ? [`without ${omitted.join(', ')}`] : []),
    ...(data.jitter.pixels > 0 ? [`jitter ±${data.jitter.pixels}`] : []),
    ...(data.noise > 0 ? [`noise ${data.noise}`] : []),
    `${spec.training.epochs} epochs`,
    `seed ${spec.seed}`,
  ].join(' · ');
}

/** What a run's figures wear when its checkpoint was chosen by its errors on some images. */
export function selectionMark({ bestSelectedOn }: ReportRun): Markup | undefined {
  if (bestSelectedOn === 'test') return markup` <a class="mark" href="#tuned">tuned on test</a>`;
  if (bestSelectedOn === 'validation') {
    return markup` <a class="mark validation" href="#tuned">selected on validation</a>`;
  }
  return undefined;
}

/** The mark of a figure that depends on two runs. */
export function pairMark(first: MeasuredRun, second: MeasuredRun): Markup | undefined {
  const tuned = [first.run, second.run].find(({ bestSelectedOn }) => bestSelectedOn === 'test');
  return tuned && selectionMark(tuned);
}
