/** Numbers and names as people read them. */
import type { RunSummary } from '../src-core/contract/rpc';

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumSignificantDigits: 3 });

export function count(value: number): string {
  return whole.format(value);
}

/** Such as "1.2M". */
export function short(value: number): string {
  return compact.format(value);
}

/** Three significant digits; whole numbers below a million are counts and stay whole. */
export function figure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  if (value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 1e6)) return minus(value.toExponential(2));
  return minus(String(Number.isInteger(value) ? value : Number(value.toPrecision(3))));
}

/** A number's text with minus signs for hyphens. */
export function minus(text: string): string {
  return text.replaceAll('-', '−');
}

/** A constant added to logits, with its sign: +3.5, −7.6, 0.0. */
export function biasText(value: number): string {
  return `${value > 0 ? '+' : ''}${minus(value.toFixed(1))}`;
}

/** Of a test: two significant digits, small ones as a power of ten. */
export function pValue(p: number): string {
  return minus(p < 0.001 ? p.toExponential(1) : p.toPrecision(2));
}

export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

const OBJECTIVES = {
  hard: 'hard labels',
  soft: 'distilled',
  decoupled: 'decoupled',
  'mse-logits': 'logit matching',
} as const;

const SHORT_NAME = 3;

/** A class as a table's margin has room for it: its name where that is short, else its number. */
export function shortClassText(names: readonly string[], label: number): string {
  const name = names[label] ?? '';
  return name !== '' && name.length <= SHORT_NAME ? name : String(label);
}

/** A class with the number that tables show, where that is not its name: "3", "B", "9 Ankle boot". */
export function classText(names: readonly string[], label: number): string {
  const name = names[label] ?? String(label);
  return name.length <= SHORT_NAME ? name : `${label} ${name}`;
}

/** Which of the classes, ten if not said, are kept: "without 3", "only 7, 8". */
export function classesText(kept: readonly number[], classes = 10): string {
  const left = Array.from({ length: classes }, (_, label) => label).filter((digit) => !kept.includes(digit));
  return left.length < kept.length ? `without ${left.join(', ')}` : `only ${kept.join(', ')}`;
}

/** What a run's transfer set is of and lacks: ["fashion", "without 3", "3 %"]; empty where it is all of MNIST. */
function transferSet({ dataset, classes, classCount, share }: RunSummary): string[] {
  return [
    ...(dataset === undefined ? [] : [dataset]),
    ...(classes === undefined ? [] : [classesText(classes, classCount)]),
    ...(share === undefined ? [] : [`${figure(100 * share)} %`]),
  ];
}

/** The second line of a run in a list. */
export function subtitle(run: RunSummary): string {
  if (run.damage !== undefined) return run.damage;
  if (run.imported !== undefined) return [run.model, 'imported', ...transferSet(run)].join(' · ');
  return [run.model, OBJECTIVES[run.objective], ...transferSet(run), `seed ${run.seed}`].join(' · ');
}

/** The same for a narrow place: the name beside it says the network already. */
export function shortSubtitle(run: RunSummary): string {
  if (run.damage !== undefined) return 'its folder cannot be read';
  if (run.imported !== undefined) return ['imported', ...transferSet(run)].join(' · ');
  const how = run.temperature === undefined ? OBJECTIVES[run.objective] : `T ${run.temperature}`;
  return [how, ...transferSet(run), `seed ${run.seed}`].join(' · ');
}

const STATUS = {
  created: 'not started',
  queued: 'waiting',
  running: 'running',
  paused: 'paused',
  stopped: 'stopped',
  finished: 'done',
  failed: 'failed',
} as const;

export function statusText(status: RunSummary['status']): string {
  return STATUS[status];
}

/** What stands where a run would be paused or stopped, were it not another process that trains it. */
export const TRAINED_ELSEWHERE =
  'Another process trains this run: a terminal, or another window. It can be stopped there, with Ctrl-C in a terminal, and then resumed here.';
