/** Launches the built application, with the real core, on a lab folder of the test's own. */
import type { ElectronApplication, Page, TestInfo } from '@playwright/test';
import { _electron, test as base, expect } from '@playwright/test';
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Program } from '../../scripts/electron.mjs';

export interface App {
  readonly electron: ElectronApplication;
  /** kept, since Playwright forgets it when it ends */
  readonly process: ChildProcess;
  readonly page: Page;
  /** the lab folder */
  readonly lab: string;
}

/** What scripts/test.mjs has prepared. */
export function program(): Program {
  const text = process.env['DISTILL_LAB_PROGRAM'];
  if (!text) throw new Error('Run the tests with `npm test`, or `npm test -- e2e` for these alone.');
  return JSON.parse(text) as Program;
}

/** @param home folder that stands for the user's own */
export function environment(home: string): Record<string, string> {
  return { ...(process.env as Record<string, string>), HOME: home, XDG_CONFIG_HOME: join(home, '.config') };
}

/**
 * Starts the application.
 * @param home folder that stands for the user's own
 * @param changes to its environment
 * @param started what is started, if not this checkout's application
 */
export async function launch(
  lab: string,
  home: string,
  changes: Readonly<Record<string, string>> = {},
  started = program(),
): Promise<App> {
  const { executable, args } = started;
  const electron = await _electron.launch({
    executablePath: executable,
    args: [...args, `--lab=${lab}`],
    env: { ...environment(home), ...changes },
  });
  const page = await electron.firstWindow();
  await page.waitForLoadState('load');
  return { electron, process: electron.process(), page, lab };
}

/** The processes that an application has started, and those that these have. */
function descendants({ process: { pid } }: App): { readonly pid: string; readonly command: string }[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const below = new Set([String(pid)]);
  return table.split('\n').flatMap((line) => {
    const [, child, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (!child || !command || !below.has(parent!)) return [];
    below.add(child);
    return [{ pid: child, command }];
  });
}

/** The core's process id: the utility process of this application that serves it. */
export function corePid(app: App): number {
  const found = descendants(app).find(({ command }) => /utility-sub-type=node\.mojom/.test(command));
  if (!found) throw new Error('the core is not running');
  return Number(found.pid);
}

/** Whether one of these processes still runs; one that only waits to be reaped does not. */
function anyRuns(pids: readonly string[]): boolean {
  if (pids.length === 0) return false;
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', pids.join()], { encoding: 'utf8' });
  return stdout.split('\n').some((state) => state !== '' && !state.startsWith('Z'));
}

/** Keeps the log of every application that ran with this home, one a lab folder: also of those that a test started. */
function keepLogs(home: string, info: TestInfo): void {
  const state = join(environment(home)['XDG_CONFIG_HOME']!, 'distill-lab');
  const logs = (existsSync(state) ? readdirSync(state) : [])
    .map((key) => join(state, key, 'logs', 'main.log'))
    .filter((path) => existsSync(path));
  logs.forEach((path, index) => {
    const kept = info.outputPath(logs.length === 1 ? 'main.log' : `main-${index + 1}.log`);
    mkdirSync(dirname(kept), { recursive: true });
    copyFileSync(path, kept);
  });
}

/** A test with the application running; its screenshot, trace and log are kept when it fails. */
export const test = base.extend<{ app: App; folder: string }>({
  folder: async ({ browserName: _unused }, use, info) => {
    const folder = mkdtempSync(join(tmpdir(), 'distill-lab-e2e-'));
    await use(folder);
    if (info.status !== info.expectedStatus) keepLogs(folder, info);
    rmSync(folder, { recursive: true, force: true });
  },
  app: async ({ folder }, use, info) => {
    const app = await launch(join(folder, 'lab'), folder);
    const context = app.electron.context();
    await context.tracing.start({ screenshots: true, snapshots: true });
    await use(app);
    if (info.status !== info.expectedStatus) {
      await app.page.screenshot({ path: info.outputPath('window.png') }).catch(() => undefined);
      await context.tracing.stop({ path: info.outputPath('trace.zip') }).catch(() => undefined);
    }
    await quit(app);
  },
});

/** Ends the application at once, whatever it is doing; resolves when its other processes have noticed and are gone. */
export async function quit(app: App): Promise<void> {
  const { process: child } = app;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const others = descendants(app).map(({ pid }) => pid);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  while (anyRuns(others)) await new Promise((resolve) => setTimeout(resolve, 50));
}

export { expect };
