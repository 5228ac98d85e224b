// A display to open the window on, for tests, benchmark and pictures.
import { spawn } from 'node:child_process';
import { findProgram, runChild } from './child.mjs';

/**
 * A screen in memory where there is none.
 * @returns {Promise<{ display: string | undefined, end: () => void }>}
 */
export async function ensureDisplay() {
  if (process.platform !== 'linux' || process.env.DISPLAY) return { display: process.env.DISPLAY, end: () => {} };
  if (!findProgram('Xvfb', process.env) && process.getuid?.() === 0 && findProgram('apt-get', process.env)) {
    console.log('Installing Xvfb (apt-get)');
    await runChild('apt-get', ['update']);
    await runChild('apt-get', ['install', '-y', '--no-install-recommends', 'xvfb']);
  }
  if (!findProgram('Xvfb', process.env)) throw new Error('Xvfb is missing: sudo apt-get install -y xvfb');
  // It chooses a free number itself and tells it on the descriptor named.
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const end = () => void screen.kill();
  process.once('exit', end);
  const pipe = /** @type {import('node:stream').Readable} */ (screen.stdio[3]);
  const number = await new Promise((resolve, reject) => {
    pipe.once('data', (data) => resolve(String(data).trim()));
    screen.once('error', reject);
    screen.once('exit', () => reject(new Error('Xvfb ended at once')));
  });
  return { display: `:${number}`, end };
}
