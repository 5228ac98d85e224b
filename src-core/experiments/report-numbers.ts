/** How numbers are written in a report: one place, so that they look alike everywhere. */
import { Markup } from './report-markup';

/** U+202F, the narrow space that keeps a number and its unit on one line. */
const NARROW = '\u202f';
const MINUS = '\u2212';

/** A number with a true minus sign. */
export function decimal(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/**
 * A whole number, from 10 000 up in groups of three. The gap is drawn, not written: who copies the number, or
 * searches for it, has plain digits.
 */
export function count(value: number): Markup {
  const digits = decimal(value, 0);
  if (Math.abs(value) < 10_000) return new Markup(digits);
  const lead = digits.length % 3 || 3;
  const groups = digits.slice(lead).match(/\d{3}/g) ?? [];
  return new Markup(digits.slice(0, lead) + groups.map((group) => `<span class="group">${group}</span>`).join(''));
}

/** A share as a percentage: 0.9926 is "99.26 %". */
export function percent(share: number, digits = 2): string {
  return `${decimal(share * 100, digits)}${NARROW}%`;
}

/** An interval of shares: "99.07 to 99.42 %". */
export function percentInterval(low: number, high: number, digits = 2): string {
  return `${decimal(low * 100, digits)} to ${percent(high, digits)}`;
}

const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Two significant digits, powers of ten below 0.0001. */
export function significant(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 0.0001) return Number(value.toPrecision(2)).toString().replace('-', MINUS);
  const [mantissa, exponent] = value.toExponential(1).split('e-');
  const raised = Array.from(exponent!, (digit) => SUPERSCRIPT[Number(digit)]!).join('');
  return `${mantissa!.replace('-', MINUS)}${NARROW}×${NARROW}10⁻${raised}`;
}

/** Seconds as a person says them: "42 s", "3 min 20 s", "4 h 05 min". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${decimal(seconds, 1)}${NARROW}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${NARROW}s`;
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}${NARROW}min ${two(whole % 60)}${NARROW}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}${NARROW}h ${two(minutes % 60)}${NARROW}min`;
}

/** "1 image", "2 images". */
export function plural(value: number, noun: string): string {
  return value === 1 ? noun : `${noun}s`;
}
