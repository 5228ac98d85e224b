/** Confusion matrices over epochs: four beside each other, or as frames on top of each other. */
import type { Picture } from '../contract/scorecard';
import { markup } from '../experiments/report-markup';
import type { Markup } from '../experiments/report-markup';
import { HEAT_LEVELS } from '../experiments/report-palette';
import { at } from '../experiments/report-plot';
import type { Drawing } from '../experiments/report-plot';

type Matrices = Extract<Picture, { kind: 'matrices' }>;
type Frame = Matrices['frames'][number];

/** Frames that a page holds of one picture at most. */
export const MOST_FRAMES = 24;
const CELL = 30;
const [LEFT, TOP] = [20, 42];
const GAP = 28;

/** Evenly spread ones, the first and the last among them. */
export function framesOf({ frames }: Matrices, most: number): Frame[] {
  if (frames.length <= most) return [...frames];
  return Array.from({ length: most }, (_, index) => frames[Math.round((index * (frames.length - 1)) / (most - 1))]!);
}

/** Counts, coloured by their share of the row: right answers and errors in two hues, by the root, so that few show. */
function confusionFrame({ epoch, matrix }: Frame, classes: number): Markup {
  const numbers = Array.from({ length: classes }, (_, index) => index);
  const cells = numbers.flatMap((row) => {
    const whole = numbers.reduce((sum, column) => sum + matrix[row * classes + column]!, 0);
    return numbers.map((column) => {
      const images = matrix[row * classes + column]!;
      const [x, y] = [LEFT + CELL * column, TOP + CELL * row];
      const size = CELL - 2;
      if (images === 0) {
        return markup`<rect class="none" x="${x}" y="${y}" width="${size}" height="${size}" rx="3"/>`;
      }
      const level = Math.max(1, Math.round(HEAT_LEVELS * Math.sqrt(images / whole)));
      return markup`<g class="${row === column ? 'teacher' : 'student'}"><rect class="heat-${level}" x="${x}" y="${y}" width="${size}" height="${size}" rx="3"/>
<text class="heat-${level} small" x="${x + size / 2}" y="${y + 18}" text-anchor="middle">${images}</text></g>`;
    });
  });
  return markup`<text class="strong" x="${LEFT}" y="12">epoch ${epoch}</text>
${numbers.map(
  (
    label,
  ) => markup`<text class="tick" x="${LEFT + CELL * label + CELL / 2 - 1}" y="${TOP - 8}" text-anchor="middle">${label}</text>
<text class="tick" x="${LEFT - 8}" y="${TOP + CELL * label + 18}" text-anchor="end">${label}</text>`,
)}${cells}`;
}

function sizeOf(classes: number): { readonly width: number; readonly height: number } {
  return { width: LEFT + CELL * classes, height: TOP + CELL * classes };
}

function right({ matrix }: Frame, classes: number): number {
  return Array.from({ length: classes }, (_, label) => matrix[label * (classes + 1)]!).reduce(
    (sum, all) => sum + all,
    0,
  );
}

function spokenOf({ title, run, classes }: Matrices, shown: readonly Frame[]): string {
  const said = shown.map((frame) => `epoch ${frame.epoch}: ${right(frame, classes)} right`);
  return `${title}; confusion matrices of ${run}, true class down, predicted class across. ${said.join(', ')}.`;
}

/** Four frames: the first, two between, the last. */
export function strip(picture: Matrices): Drawing {
  const { classes } = picture;
  const shown = framesOf(picture, 4);
  const { width, height } = sizeOf(classes);
  const across = Math.min(2, shown.length);
  const down = Math.ceil(shown.length / 2);
  return {
    width: across * (width + GAP) - GAP,
    height: down * (height + GAP) - GAP,
    spoken: spokenOf(picture, shown),
    content: shown.map(
      (frame, index) =>
        markup`<g transform="translate(${at((index % 2) * (width + GAP))} ${at(Math.floor(index / 2) * (height + GAP))})">${confusionFrame(frame, classes)}</g>`,
    ),
  };
}

/** Frames in one place; the page shows one of them. */
export function stack(picture: Matrices): Drawing {
  const shown = framesOf(picture, MOST_FRAMES);
  return {
    ...sizeOf(picture.classes),
    spoken: spokenOf(picture, [shown[0]!, shown.at(-1)!]),
    content: shown.map(
      (frame, index) => markup`<g class="frame f${index}">${confusionFrame(frame, picture.classes)}</g>`,
    ),
  };
}
