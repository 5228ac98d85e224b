import { expect } from 'vitest';
import type { LabErrorCode } from '../../src-core/contract/errors';
import { LabError } from '../../src-core/contract/errors';

/** What was thrown, once it is proved to be a LabError of the code and to say each of the words. */
export function expectLabError(thrown: unknown, code: LabErrorCode, ...words: readonly string[]): LabError {
  expect(thrown).toBeInstanceOf(LabError);
  const error = thrown as LabError;
  expect(error.code).toBe(code);
  for (const word of words) expect(error.message).toContain(word);
  return error;
}

/** What a function throws; a failure where it throws nothing. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** What a promise is rejected with; a failure where it is not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => Promise.reject(new Error('nothing was rejected')),
    (error: unknown) => error,
  );
}

/** Asserts that damaged input is either read or refused by name, and nothing else. */
export function expectReadOrRefused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expectLabError(error, 'damaged-file');
  }
}
