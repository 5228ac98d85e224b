/** What a person would rather look at than read, from the finished runs of a study. */
import type { EpochRecord } from '../contract/run';
import type { Picture, PicturePoint } from '../contract/scorecard';
import { mean, sampleDeviation } from '../evaluation/spread';
import type { Measured, Results } from './claim';
import { testErrors } from './claim';

/** Mean and deviation over runs at each place that all of them have. */
function overRuns(lines: readonly (readonly { readonly x: number; readonly y: number }[])[]): PicturePoint[] {
  const places = new Map<number, number[]>();
  for (const line of lines) for (const { x, y } of line) places.set(x, [...(places.get(x) ?? []), y]);
  return [...places]
    .filter(([, values]) => values.length === lines.length)
    .sort(([first], [second]) => first - second)
    .map(([x, values]) => {
      const deviation = sampleDeviation(values);
      return { x, y: mean(values), ...(deviation === undefined ? {} : { deviation }) };
    });
}

/** Test errors of the map's cells, means over seeds. */
export function mapPicture(results: Results, widths: readonly number[], temperatures: readonly number[]): Picture {
  const cells = widths.flatMap((width, row) =>
    temperatures.flatMap((temperature, column) => {
      const seeds = results.seeds('map', testErrors, {
        'model.hidden': [width, width],
        'objective.temperature': temperature,
      });
      if (seeds.length === 0) return [];
      const values = seeds.map(({ value }) => value);
      const deviation = sampleDeviation(values);
      return [
        {
          row,
          column,
          mean: mean(values),
          ...(deviation === undefined ? {} : { deviation }),
          runs: seeds.map(({ run }) => run),
        },
      ];
    }),
  );
  return {
    kind: 'map',
    title: 'test errors by temperature and units in each layer',
    rows: { label: 'units', values: widths },
    columns: { label: 'T', values: temperatures },
    unit: 'test errors',
    cells,
  };
}

/** Test errors over a constant added to the corrected classes' logits, with the places that were chosen. */
export function biasPicture(results: Results, group: string, title: string): Picture {
  const runs = results.runs(group);
  const choices = [
    ['prior', 'by frequencies'],
    ['validation', 'on validation'],
    ['test', 'on test'],
  ] as const;
  return {
    kind: 'lines',
    title,
    x: 'bias',
    y: 'test errors',
    logY: true,
    series: runs.map(({ seed, biasCurve }) => ({
      name: `seed ${seed}`,
      points: biasCurve.map(({ constant, errors }) => ({ x: constant, y: errors })),
    })),
    marks: choices.flatMap(([chosen, label]) => {
      const constants = runs.flatMap(({ corrected }) => corrected[chosen]?.constant ?? []);
      return constants.length === 0
        ? []
        : [{ x: mean(constants), label, ...(chosen === 'prior' ? {} : { selectedOn: chosen }) }];
    }),
  };
}

/** The confusion matrix of the first seed, epoch by epoch. */
export function emergencePicture(results: Results, group: string, title: string): Picture[] {
  const [first] = results.runs(group);
  const frames = first?.metrics.flatMap(({ epoch, confusion }) => (confusion ? [{ epoch, matrix: confusion }] : []));
  if (!first || !frames?.length) return [];
  return [{ kind: 'matrices', title, run: first.run.id, classes: first.errorsByClass.length, frames }];
}

/** Errors on the digit that was not seen, before and after the bias that validation images chose. */
export function atlasPicture(
  results: Results,
  at: (digit: number) => Readonly<Record<string, unknown>>,
  totals: readonly number[],
): Picture {
  const share = (digit: number, measure: (measured: Measured) => number | undefined): number | undefined => {
    const values = results.seeds('atlas', measure, at(digit)).map(({ value }) => value);
    return values.length === 0 ? undefined : (100 * mean(values)) / totals[digit]!;
  };
  return {
    kind: 'bars',
    title: 'errors on the digit that was never seen',
    y: '% of its images',
    categories: totals.map((_, digit) => String(digit)),
    series: [
      {
        name: 'as trained',
        values: totals.map((_, digit) => share(digit, ({ errorsByClass }) => errorsByClass[digit])),
      },
      {
        name: 'bias chosen on validation images',
        values: totals.map((_, digit) => share(digit, ({ corrected }) => corrected.validation?.errorsOnClasses)),
      },
    ],
  };
}

/** Test errors over the share of the training set, hard and soft targets. */
export function economyPicture(
  results: Results,
  shares: readonly { readonly share: number; readonly hard: string; readonly soft: string }[],
): Picture {
  const line = (name: string, groupOf: (at: (typeof shares)[number]) => string) => ({
    name,
    points: shares.flatMap((at): PicturePoint[] => {
      const values = results.seeds(groupOf(at), testErrors).map(({ value }) => value);
      if (values.length === 0) return [];
      const deviation = sampleDeviation(values);
      return [{ x: 100 * at.share, y: mean(values), ...(deviation === undefined ? {} : { deviation }) }];
    }),
  });
  return {
    kind: 'lines',
    title: 'test errors over the share of the training set',
    x: '% of the training set',
    y: 'test errors',
    logX: true,
    logY: true,
    series: [line('hard targets', ({ hard }) => hard), line('soft targets', ({ soft }) => soft)],
  };
}

function overEpochs(
  results: Results,
  group: string,
  value: (record: EpochRecord) => number | undefined,
): PicturePoint[] {
  return overRuns(
    results.runs(group).map(({ metrics }) =>
      metrics.flatMap((record) => {
        const y = value(record);
        return y === undefined ? [] : [{ x: record.epoch, y }];
      }),
    ),
  );
}

/** The soft targets' share in the student's gradient, epoch by epoch. */
export function gradientPicture(results: Results, group: string): Picture {
  const share = (factor: 'withFactor' | 'withoutFactor') =>
    overEpochs(results, group, ({ softGradientShare }) =>
      softGradientShare === undefined ? undefined : 100 * softGradientShare[factor],
    );
  return {
    kind: 'lines',
    title: 'share of the soft targets in the gradient',
    x: 'epoch',
    y: '%',
    series: [
      { name: 'with the factor T²', points: share('withFactor') },
      { name: 'without it', points: share('withoutFactor') },
    ],
  };
}

export function agreementPicture(results: Results, groups: readonly string[]): Picture {
  return {
    kind: 'lines',
    title: 'test images on which student and teacher predict the same',
    x: 'epoch',
    y: '%',
    series: groups.map((group) => ({
      name: group,
      points: overEpochs(results, group, ({ agreement }) => agreement && 100 * agreement),
    })),
  };
}

export function divergencePicture(results: Results, groups: readonly string[]): Picture {
  return {
    kind: 'lines',
    title: 'mean KL(teacher‖student) at T = 1 on the test images',
    x: 'epoch',
    y: 'nats',
    logY: true,
    series: groups.map((group) => ({ name: group, points: overEpochs(results, group, ({ teacherKl }) => teacherKl) })),
  };
}
