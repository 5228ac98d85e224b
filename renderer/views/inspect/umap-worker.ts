/** UMAP (McInnes, Healy and Melville 2018) beside the window: told of points, it tells of its progress and its map. */
import { UMAP } from 'umap-js';

export interface UmapOrder {
  /** [count, components] */
  readonly values: Float32Array;
  readonly count: number;
  readonly components: number;
  readonly seed: number;
}

export type UmapNews =
  | { readonly share: number }
  /** [count, 2] */
  | { readonly map: Float32Array };

const scope = globalThis as unknown as {
  onmessage: (message: MessageEvent<UmapOrder>) => void;
  postMessage: (news: UmapNews) => void;
};

/** Mulberry32: the same seed gives the same map. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

scope.onmessage = ({ data: { values, count, components, seed } }) => {
  const points = Array.from({ length: count }, (_, row) =>
    Array.from(values.subarray(row * components, (row + 1) * components)),
  );
  const umap = new UMAP({ nComponents: 2, nNeighbors: 15, minDist: 0.1, random: random(seed) });
  const epochs = umap.initializeFit(points);
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step();
    if (epoch % 10 === 0) scope.postMessage({ share: epoch / epochs });
  }
  scope.postMessage({ map: Float32Array.from(umap.getEmbedding().flat()) });
};
