/**
 * The one kind of error that a user is meant to read. It says what happened, to what, and the way out;
 * front ends print it as one sentence, everything else that is thrown is a defect of ours.
 */
export type LabErrorCode =
  | 'bad-input'
  | 'not-found'
  | 'damaged-file'
  | 'incompatible'
  | 'locked'
  | 'storage'
  | 'not-finite'
  | 'engine'
  | 'cancelled';

export class LabError extends Error {
  override readonly name = 'LabError';

  /**
   * @param code what kind of trouble it is, for programs
   * @param what one sentence: what happened and to what (file, field, run)
   * @param remedy the way out, as an instruction; empty when there is none
   */
  constructor(
    readonly code: LabErrorCode,
    readonly what: string,
    readonly remedy = '',
    options?: ErrorOptions,
  ) {
    super(remedy ? `${what} ${remedy}` : what, options);
  }
}

/** The text of anything thrown, for a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For the default branch of a switch over a union: a new member is a compile error. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value ${JSON.stringify(value)}`);
}
