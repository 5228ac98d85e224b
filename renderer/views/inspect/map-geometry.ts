/** Points, a view of them, and what lies within a line drawn around some. Pure. */

/** Data to pixels: x · scale + left, top − y · scale. */
export interface View {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** All points in sight. @param points [count, 2] */
export function fitted(points: Float32Array, width: number, height: number, margin = 16): View {
  let [minX, maxX, minY, maxY] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < points.length; at += 2) {
    minX = Math.min(minX, points[at]!);
    maxX = Math.max(maxX, points[at]!);
    minY = Math.min(minY, points[at + 1]!);
    maxY = Math.max(maxY, points[at + 1]!);
  }
  if (points.length === 0) return { scale: 1, left: 0, top: 0 };
  const scale = Math.min((width - 2 * margin) / (maxX - minX || 1), (height - 2 * margin) / (maxY - minY || 1));
  return {
    scale,
    left: width / 2 - (scale * (minX + maxX)) / 2,
    top: height / 2 + (scale * (minY + maxY)) / 2,
  };
}

/** The view after a turn of the wheel: what is under the pointer stays there. */
export function zoomed({ scale, left, top }: View, x: number, y: number, factor: number): View {
  return { scale: scale * factor, left: x - factor * (x - left), top: y - factor * (y - top) };
}

/** Whether a point lies within a closed line (even–odd rule). @param line [corners, 2] */
export function within(line: readonly number[], x: number, y: number): boolean {
  let inside = false;
  const count = line.length / 2;
  for (let at = 0, before = count - 1; at < count; before = at++) {
    const [x1, y1, x2, y2] = [line[2 * at]!, line[2 * at + 1]!, line[2 * before]!, line[2 * before + 1]!];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

/** Indices of the points within a line that is drawn in pixels. */
export function pointsWithin(points: Float32Array, view: View, line: readonly number[]): number[] {
  const found: number[] = [];
  for (let at = 0; at < points.length; at += 2) {
    const x = points[at]! * view.scale + view.left;
    const y = view.top - points[at + 1]! * view.scale;
    if (within(line, x, y)) found.push(at / 2);
  }
  return found;
}

/** Index of the point nearest to a pixel, no farther than `reach` pixels. */
export function nearestPoint(
  points: Float32Array,
  view: View,
  x: number,
  y: number,
  reach: number,
): number | undefined {
  let best = reach ** 2;
  let found: number | undefined;
  for (let at = 0; at < points.length; at += 2) {
    const dx = points[at]! * view.scale + view.left - x;
    const dy = view.top - points[at + 1]! * view.scale - y;
    const distance = dx * dx + dy * dy;
    if (distance > best) continue;
    best = distance;
    found = at / 2;
  }
  return found;
}
