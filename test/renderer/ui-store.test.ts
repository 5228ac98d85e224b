import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CoreLost } from '../../renderer/core-lost';
import { useUi } from '../../renderer/stores/ui';

beforeEach(() => {
  vi.useFakeTimers();
  setActivePinia(createPinia());
});
afterEach(() => void vi.useRealTimers());

describe('what is said in passing', () => {
  it('stays when something failed', () => {
    const ui = useUi();
    ui.fail(new Error('the disk is full'));
    vi.advanceTimersByTime(60_000);
    expect(ui.notices.map(({ kind, text }) => [kind, text])).toEqual([['error', 'the disk is full']]);
  });

  it('is not turned round by a file’s name', () => {
    const ui = useUi();
    ui.notify('Loaded a\u202Eb.safetensors as a run of its own.');
    expect(ui.notices[0]!.text).toBe('Loaded ab.safetensors as a run of its own.');
  });

  it('goes after a while when the core was lost, which is back by then', () => {
    const ui = useUi();
    ui.fail(new CoreLost());
    expect(ui.notices[0]!.text).toMatch(/^The core has stopped\./);
    vi.advanceTimersByTime(10_000);
    expect(ui.notices).toEqual([]);
  });
});
