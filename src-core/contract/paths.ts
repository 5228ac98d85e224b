/** Values in a plain tree under dotted names, such as "data.jitter.pixels". */

export type Tree = Readonly<Record<string, unknown>>;

/** @returns undefined where there is no such value */
export function valueAt(tree: unknown, path: string): unknown {
  let value = tree;
  for (const key of path.split('.')) value = (value as Tree | null | undefined)?.[key];
  return value;
}

/** A copy in which one value differs; parents that are missing are made, and `undefined` leaves the field out. */
export function withValue(tree: Tree, path: string, value: unknown): Tree {
  const [head, ...rest] = path.split('.') as [string, ...string[]];
  const { [head]: before, ...others } = tree;
  if (rest.length === 0) return value === undefined ? others : { ...tree, [head]: value };
  const old = Object.hasOwn(tree, head) ? before : undefined;
  const inner = typeof old === 'object' && old !== null && !Array.isArray(old) ? (old as Tree) : {};
  return { ...tree, [head]: withValue(inner, rest.join('.'), value) };
}
