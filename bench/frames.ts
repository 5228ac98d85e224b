/** How long the window's main thread works for a frame, from Chromium's own trace. */
import type { App } from '../test/e2e/app';
import { readFileSync, rmSync } from 'node:fs';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** microseconds */
  readonly ts: number;
  readonly dur?: number;
  /** of the thread's own time, where the system tells it */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface Frames {
  /** milliseconds of tasks on the main thread between one frame's beginning and the next's, waiting for a core included */
  readonly busy: readonly number[];
  /** the same in the thread's own time: what another process took from it is not counted */
  readonly own: readonly number[];
  /** milliseconds from one frame's beginning to the next's */
  readonly interval: readonly number[];
}

/**
 * Records frames while something is done. An empty frame callback keeps frames coming at the screen's rate, so that a
 * frame is never longer for want of anything to draw.
 */
export async function recordFrames(app: App, act: () => Promise<void>): Promise<Frames> {
  const { electron, page } = app;
  await page.evaluate(`(() => {
    window.benchFrames = true;
    const frame = () => window.benchFrames && requestAnimationFrame(frame);
    frame();
  })()`);
  await electron.evaluate(({ contentTracing }) =>
    contentTracing.startRecording({
      recording_mode: 'record-until-full',
      trace_buffer_size_in_kb: 400_000,
      included_categories: ['toplevel', 'disabled-by-default-devtools.timeline', 'devtools.timeline', 'benchmark'],
      excluded_categories: ['*'],
    }),
  );
  await act();
  const file = await electron.evaluate(({ contentTracing }) => contentTracing.stopRecording());
  await page.evaluate('window.benchFrames = false');
  const pid = await electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]!.webContents.getOSProcessId(),
  );
  const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: TraceEvent[] };
  rmSync(file, { force: true });
  return framesOf(traceEvents, pid);
}

function framesOf(events: readonly TraceEvent[], pid: number): Frames {
  const main = events.find((event) => event.pid === pid && event.args?.name === 'CrRendererMain')?.tid;
  const mainThread = events.filter((event) => event.pid === pid && event.tid === main);
  const beginnings = mainThread
    .filter(({ name, ph }) => name === 'FireAnimationFrame' && ph === 'X')
    .map(({ ts }) => ts)
    .sort((a, b) => a - b)
    // All callbacks of one frame follow each other at once.
    .filter((ts, at, all) => at === 0 || ts - all[at - 1]! > 2000);
  const tasks = mainThread.filter(({ name, ph }) => ph === 'X' && /RunTask$/.test(name)).sort((a, b) => a.ts - b.ts);
  if (beginnings.length < 10 || tasks.length === 0) throw new Error('The trace holds no frames.');
  const busy = new Array<number>(beginnings.length - 1).fill(0);
  const own = busy.slice();
  let frame = 0;
  let end = 0;
  for (const { ts, dur = 0, tdur = dur } of tasks) {
    // A task within a task is counted already.
    if (ts < end) continue;
    end = ts + dur;
    while (frame < busy.length && ts >= beginnings[frame + 1]!) frame++;
    if (frame >= busy.length || ts < beginnings[0]!) continue;
    busy[frame]! += dur / 1000;
    own[frame]! += tdur / 1000;
  }
  return { busy, own, interval: busy.map((_, at) => (beginnings[at + 1]! - beginnings[at]!) / 1000) };
}
