/** Figures with their aims, as a table and as a file. */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeAtomically } from '../src-core/data/atomic-write';
import { renderTable } from '../src-core/terminal/table';

export interface Figure {
  readonly what: string;
  readonly value: string;
  readonly target: string;
  readonly met: boolean;
}

/** @param share 0.5 for the median, 0.95 for the 95th percentile; between two values the line between them */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const next = sorted[low + 1] ?? sorted[low]!;
  return sorted[low]! + (at - low) * (next - sorted[low]!);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A figure that may be no more than its aim. */
export function upTo(what: string, value: number, most: number, text: (value: number) => string): Figure {
  return { what, value: text(value), target: `≤ ${text(most)}`, met: value <= most };
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Prints the table, and writes the figures to out/NAME.json. */
export async function tell(name: string, figures: readonly Figure[]): Promise<void> {
  const rows = figures.map(({ what, value, target, met }) => [what, value, target, met ? 'met' : 'missed']);
  const columns = [
    { title: 'figure' },
    { title: 'value', align: 'right' },
    { title: 'aim', align: 'right' },
    { title: '' },
  ] as const;
  process.stdout.write(`${renderTable(columns, rows).join('\n')}\n`);
  const out = fileURLToPath(new URL('../out', import.meta.url));
  mkdirSync(out, { recursive: true });
  await writeAtomically(`${out}/${name}.json`, `${JSON.stringify(figures, null, 2)}\n`);
}
