/** Many digits on one sheet, for a file. */
import { useDataset } from '../stores/dataset';
import type { DigitItem } from './DigitRow.vue';
import { token } from '../styles/token';
import { paintDigit } from './paint';

const COLUMNS = 20;
/** A sheet is looked at, and a canvas has limits. */
const MOST = 2000;
/** Each pixel of an image is a whole number of the sheet's. */
const ENLARGED = 4;
const GAP = 12;
const CAPTION = 30;

/**
 * The digits in order, the first 2,000 of them, with what stands under each.
 * @param rows of the logits
 */
export async function digitSheet(rows: Uint32Array, describe: (row: number) => DigitItem): Promise<OffscreenCanvas> {
  const dataset = useDataset();
  const items = Array.from(rows.subarray(0, MOST), describe);
  await dataset.ensure(
    'test',
    items.map(({ position }) => position),
  );
  const side = dataset.summary!.side;
  const size = side * ENLARGED;
  const columns = Math.min(COLUMNS, items.length);
  const lines = Math.ceil(items.length / columns);
  const canvas = new OffscreenCanvas(GAP + columns * (size + GAP), GAP + lines * (size + CAPTION + GAP));
  const context = canvas.getContext('2d')!;
  context.fillStyle = token('--surface');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.font = '20px system-ui, sans-serif';
  items.forEach(({ position, caption, value }, at) => {
    const left = GAP + (at % columns) * (size + GAP);
    const top = GAP + Math.floor(at / columns) * (size + CAPTION + GAP);
    const image = dataset.image('test', position);
    if (image) paintDigit(context, image, side, left, top, size);
    context.fillStyle = token('--ink');
    context.textAlign = 'left';
    context.fillText(caption, left, top + size + 23);
    context.fillStyle = token('--secondary');
    context.textAlign = 'right';
    context.fillText(value, left + size, top + size + 23);
  });
  return canvas;
}
