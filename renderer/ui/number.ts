/**
 * Why an entry cannot be taken as a number, for the middle of a sentence; empty when it can.
 * @param max inclusive, as is `min`
 */
export function refusedNumber(entry: string, min: number, max: number, integer = false): string {
  const range = `${min} to ${max}`;
  const trimmed = entry.trim();
  const value = Number(trimmed);
  if (trimmed === '' || !Number.isFinite(value)) return `must be a number, ${range}`;
  if (integer && !Number.isInteger(value)) return `must be a whole number, ${range}`;
  return value < min || value > max ? `must be in ${range}` : '';
}
