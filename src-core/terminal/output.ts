/** What a command says: people read stderr and stdout, programs read JSON on stdout. */
import { red } from 'ansis';
import { LabError, messageOf } from '../contract/errors';
import type { LabErrorCode } from '../contract/errors';

/** Exit codes, for scripts; 1 is a defect of the lab's own. */
export const EXIT_CODES: Readonly<Record<LabErrorCode, number>> = {
  'bad-input': 2,
  'not-found': 3,
  'damaged-file': 4,
  incompatible: 5,
  locked: 6,
  storage: 7,
  'not-finite': 8,
  engine: 9,
  cancelled: 130,
};

export class Output {
  /** @param json one JSON value a line on stdout, and nothing for people there */
  constructor(readonly json: boolean) {}

  /** For people: stdout, or nowhere where a program listens. */
  text(...lines: string[]): void {
    if (!this.json) process.stdout.write(`${lines.join('\n')}\n`);
  }

  /** A side remark for people. */
  note(line: string): void {
    if (!this.json) process.stderr.write(`${line}\n`);
  }

  /** For programs. */
  value(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** Reports anything thrown and returns the exit code that belongs to it. */
  failure(error: unknown): number {
    const code = error instanceof LabError ? error.code : 'defect';
    this.value({ error: { code, message: messageOf(error) } });
    if (error instanceof LabError) {
      if (!this.json) process.stderr.write(`${red('Error:')} ${error.message}\n`);
      return EXIT_CODES[error.code];
    }
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (!this.json) process.stderr.write(`${red('Defect in the lab:')} ${detail}\n`);
    return 1;
  }
}
