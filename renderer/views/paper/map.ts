/** What a map's cells say and how strongly they are coloured, on the screen and in a picture. */
import type { Picture } from '../../../src-core/contract/scorecard';

export type MapPicture = Extract<Picture, { kind: 'map' }>;

export function cellAt({ cells }: MapPicture, row: number, column: number): MapPicture['cells'][number] | undefined {
  return cells.find((cell) => cell.row === row && cell.column === column);
}

/** 0.05 for the fewest to 0.9 for the most of its row, as rows are of different sizes of network; 0 where nothing ran. */
export function heatOf(picture: MapPicture, row: number, column: number): number {
  const own = cellAt(picture, row, column);
  if (!own) return 0;
  const means = picture.cells.filter((cell) => cell.row === row).map(({ mean }) => mean);
  const [low, high] = [Math.min(...means), Math.max(...means)];
  return high === low ? 0.05 : 0.05 + (0.85 * (own.mean - low)) / (high - low);
}
