// npm test: set-up, vitest, the window's tests, and one line at the end that a machine can read.
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInForeground } from './child.mjs';
import { ensureDisplay } from './display.mjs';
import { quietEnvironment } from './run-lab.mjs';
import { setUpOrExplain } from './setup.mjs';
import { prepareWindow } from './window.mjs';

/**
 * @typedef {object} VitestReport the parts of vitest's JSON report that are read here
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} [numTodoTests]
 * @property {Array<{ status: string, assertionResults: unknown[] }>} testResults
 */

/** @param {VitestReport} report */
export function countTests(report) {
  // A file that cannot even be loaded holds no failed test: it counts as one.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}

/** @param {{ passed: number, failed: number, skipped: number }} counts */
function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}

/**
 * @typedef {object} PlaywrightReport the parts of Playwright's JSON report that are read here
 * @property {{ expected: number, unexpected: number, flaky: number, skipped: number }} stats
 * @property {unknown[]} errors outside any test
 */

/** @param {PlaywrightReport} report */
export function countWindowTests({ stats, errors }) {
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected + (stats.unexpected === 0 ? errors.length : 0),
    skipped: stats.skipped,
  };
}

/**
 * The window's tests, on the built application.
 * @param {string} root
 * @param {string} file where Playwright writes its report
 * @param {string[]} args
 */
async function runWindowTests(root, file, args) {
  const program = await prepareWindow();
  if (!program) return { passed: 0, failed: 1, skipped: 0 };
  const { display, end } = await ensureDisplay();
  try {
    const env = {
      ...quietEnvironment(process.env, false),
      ...(display ? { DISPLAY: display } : {}),
      DISTILL_LAB_PROGRAM: JSON.stringify(program),
      PLAYWRIGHT_JSON_OUTPUT_NAME: file,
    };
    const playwright = join(root, 'node_modules', '@playwright', 'test', 'cli.js');
    await runInForeground(process.execPath, [playwright, 'test', '--reporter=list,json', ...args], { env, cwd: root });
    return countWindowTests(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    console.log(`The window could not be tested: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    end();
  }
}

/**
 * Everything but the window.
 * @param {string} root
 * @param {string} file where vitest writes its report
 * @param {string[]} args
 */
async function runFastTests(root, file, args) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const env = quietEnvironment(process.env, args.includes('--verbose'));
  const end = await runInForeground(process.execPath, [vitest, 'run', ...reporters, ...args], { env, cwd: root });
  try {
    const counts = countTests(JSON.parse(readFileSync(file, 'utf8')));
    if (end.code !== 0 && counts.failed === 0) {
      console.log(`vitest ended with ${end.code ?? end.signal} though no test failed: see its errors above`);
      counts.failed = 1;
    }
    return counts;
  } catch (error) {
    console.log(`vitest left no report: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/**
 * The fast tests, then the window's. `fast` or `e2e` first: these alone, and what follows goes to vitest or
 * Playwright; any other argument goes to vitest alone.
 * @param {string[]} args
 */
async function runTests(args) {
  if (!(await setUpOrExplain())) return;
  const root = fileURLToPath(new URL('..', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'distill-lab-test-'));
  const [first] = args;
  const rest = first === 'fast' || first === 'e2e' ? args.slice(1) : args;
  const counts = { passed: 0, failed: 0, skipped: 0 };
  /** @param {typeof counts} more */
  const add = (more) => {
    counts.passed += more.passed;
    counts.failed += more.failed;
    counts.skipped += more.skipped;
  };
  try {
    if (first !== 'e2e') add(await runFastTests(root, join(folder, 'fast.json'), rest));
    if (first === undefined || first === 'e2e') add(await runWindowTests(root, join(folder, 'window.json'), rest));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (counts.passed + counts.failed === 0) console.log('No test ran');
  process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
  console.log(summary(counts));
}

if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1]))
  await runTests(process.argv.slice(2));
