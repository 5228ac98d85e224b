/** What the window shows, and what it says in passing. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import { messageOf } from '../../src-core/contract/errors';
import { plainText } from '../../src-core/contract/notes';
import { CoreLost } from '../core-lost';

export type View = 'data' | 'train' | 'inspect' | 'compare' | 'paper';
export const VIEWS: readonly { readonly id: View; readonly title: string }[] = [
  { id: 'data', title: 'Data' },
  { id: 'train', title: 'Train' },
  { id: 'inspect', title: 'Inspect' },
  { id: 'compare', title: 'Compare' },
  { id: 'paper', title: 'Paper' },
];

export interface Notice {
  readonly id: number;
  readonly kind: 'info' | 'error';
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

const INFO_MILLISECONDS = 8000;

export const useUi = defineStore('ui', () => {
  const view = ref<View>('train');
  const notices = shallowRef<readonly Notice[]>([]);
  let nextId = 1;

  function dismiss(id: number): void {
    notices.value = notices.value.filter((notice) => notice.id !== id);
  }

  /** An error stays until it is dismissed; a message goes after a while. */
  function notify(said: string, options: { kind?: Notice['kind']; action?: Notice['action'] } = {}): number {
    const id = nextId++;
    // It may hold a file's name, which is anybody's.
    const text = plainText(said);
    const kind = options.kind ?? 'info';
    const same = notices.value.filter((notice) => notice.text !== text).slice(-3);
    notices.value = [...same, { id, kind, text, action: options.action }];
    if (kind === 'info') setTimeout(() => dismiss(id), INFO_MILLISECONDS);
    return id;
  }

  /** A core that was lost is back in a moment: what says so goes again, as every error else does not. */
  function fail(error: unknown): void {
    notify(messageOf(error), { kind: error instanceof CoreLost ? 'info' : 'error' });
  }

  /** Does something that may fail; a failure is said, and the result is then undefined. */
  async function attempt<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await action();
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  return { view, notices, notify, dismiss, fail, attempt };
});
