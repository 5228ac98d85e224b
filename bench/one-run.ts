/** One teacher epoch through the lab's own API, as a process of its own: when its first step came, its peak memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPreset } from '../src-core/experiments/presets';
import { Lab } from '../src-core/lab';

const folder = mkdtempSync(join(tmpdir(), 'distill-lab-bench-'));
try {
  const lab = new Lab(folder);
  const run = await lab.create({ ...findPreset('blog-teacher').spec, training: { epochs: 1 } });
  const active = await lab.activate(run);
  let firstStepSeconds: number | undefined;
  active.session.singleStep();
  for await (const event of active.events()) {
    if (event.type !== 'progress' || firstStepSeconds !== undefined) continue;
    firstStepSeconds = process.uptime();
    active.session.resume();
  }
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(`${JSON.stringify({ firstStepSeconds, peakBytes })}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
