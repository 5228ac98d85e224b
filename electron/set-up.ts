/** The project's own set-up, run for the window: in a process of its own, whose words are passed on. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** How set-up begins the explanation of a failure. */
const FAILURE = 'Set-up stopped: ';
/** So many last lines stand for the explanation of a failure that has none. */
const LAST_LINES = 15;

export class SetUp {
  private child: ChildProcess | undefined;
  private ending: Promise<string | undefined> | undefined;

  /**
   * @param script scripts/setup.mjs of this checkout; a packaged application has none
   * @param say each line of progress
   */
  constructor(
    private readonly script: string,
    private readonly say: (line: string) => void,
  ) {}

  /** Whether there is anything to run. */
  get possible(): boolean {
    return existsSync(this.script);
  }

  /**
   * Runs set-up, or waits for the one that runs.
   * @returns undefined when all is in place, else the script's own words
   */
  run(): Promise<string | undefined> {
    this.ending ??= this.start().finally(() => (this.ending = undefined));
    return this.ending;
  }

  private start(): Promise<string | undefined> {
    // The Node that started the window; without one, Electron's own.
    const executable = process.env['DISTILL_LAB_NODE'] ?? process.execPath;
    const child = spawn(executable, [this.script, '--percent'], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
      windowsHide: true,
    });
    this.child = child;
    const words: string[] = [];
    createInterface({ input: child.stderr! }).on('line', (line) => {
      if (line.startsWith(FAILURE)) words.length = 0;
      words.push(line);
      if (!words[0]!.startsWith(FAILURE)) {
        this.say(line);
        words.splice(0, words.length - LAST_LINES);
      }
    });
    return new Promise((resolve) => {
      child.once('error', ({ message }) => resolve(`Set-up could not be started: ${message}`));
      child.once('close', (code, signal) => {
        this.child = undefined;
        if (code === 0) resolve(undefined);
        else resolve(words.join('\n') || `Set-up ended with ${signal ?? `exit code ${code}`}.`);
      });
    });
  }

  /** Before the application ends: set-up ends what it started itself. */
  end(): void {
    this.child?.kill();
  }
}
