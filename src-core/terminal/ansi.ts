import { Ansis } from 'ansis';

const ansis = new Ansis();

/** Text without colour codes: what a column's width is measured on. */
export function stripAnsi(text: string): string {
  return ansis.strip(text);
}
