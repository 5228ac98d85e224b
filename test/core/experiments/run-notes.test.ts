import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src-core/data/dataset';
import { reportInput } from '../../../src-core/experiments/report-input';
import {
  emptyBin,
  moveToBin,
  readNotes,
  takeFromBin,
  titleOf,
  writeNotes,
} from '../../../src-core/experiments/run-notes';
import type { RunStore } from '../../../src-core/experiments/run-store';
import { expectLabError, rejectionOf, thrownBy } from '../lab-error';
import { describeRun, temporaryStore } from './stored-run';

const testLogits = { values: new Float32Array(10), count: 1, classes: 10 };
const test = { images: new Uint8Array(784), labels: new Uint8Array(1) };
const dataset = { train: test, test, side: 28 } as unknown as Dataset;

let store: RunStore;
let first: string;
let second: string;
beforeEach(async () => {
  store = temporaryStore();
  first = (await store.create('one', describeRun())).id;
  second = (await store.create('two', describeRun())).id;
});

describe('notes', () => {
  it('are empty at first, changed in part, and readable without the lab', async () => {
    expect(readNotes(store, first)).toEqual({ title: '', tags: [], note: '', star: false });
    await writeNotes(store, first, { title: 'the good one', star: true });
    await writeNotes(store, first, { tags: ['seed', '<b>'] });
    const written = { title: 'the good one', tags: ['seed', '<b>'], note: '', star: true };
    expect(readNotes(store, first)).toEqual(written);
    expect(JSON.parse(readFileSync(join(store.runsFolder, first, 'notes.json'), 'utf8'))).toEqual(written);
    expect(readNotes(store, second).title).toBe('');
  });

  it('name the run in the window and in its report', async () => {
    const run = store.open(first);
    const named = () => reportInput('', [{ run, testLogits }], dataset, []).runs[0]!.name;
    expect(named()).toBe(run.record.model.summary);
    run.record = { ...run.record, spec: { ...run.spec, name: 'by its spec' } };
    expect(named()).toBe('by its spec');
    await writeNotes(store, first, { title: 'by a person' });
    expect(named()).toBe('by a person');
  });

  it('are without what a terminal obeys or what turns the text after it', async () => {
    const hostile = 'a\u001b[31m\nname \u202Edrawkcab\u2066';
    const run = store.open(first);
    run.record = { ...run.record, spec: { ...run.spec, name: hostile } };
    expect(titleOf(run)).toBe('a[31m name drawkcab');
    await writeNotes(store, second, { title: hostile, tags: [hostile], note: hostile });
    const plain = 'a[31m name drawkcab';
    expect(readNotes(store, second)).toEqual({ title: plain, tags: [plain], note: plain, star: false });
  });

  it('that cannot be read are empty: they change no result', () => {
    writeFileSync(join(store.runsFolder, first, 'notes.json'), '{"title": 7}');
    expect(readNotes(store, first).title).toBe('');
  });

  it.each([
    [{ title: 'x'.repeat(121) }, 'title'],
    [{ tags: ['x'.repeat(41)] }, 'tags'],
    [{ star: 'yes' }, 'star'],
    ['text', 'notes'],
  ])('refuses %j by its field, and keeps what stood', async (changes, field) => {
    await writeNotes(store, first, { title: 'kept' });
    expectLabError(await rejectionOf(writeNotes(store, first, changes)), 'bad-input', field);
    expect(readNotes(store, first).title).toBe('kept');
  });
});

describe('the bin', () => {
  it('takes runs out of the list and gives them back whole', async () => {
    await writeNotes(store, first, { title: 'mine' });
    moveToBin(store, [first, second]);
    expect(store.ids()).toEqual([]);
    takeFromBin(store, [first]);
    expect(store.ids()).toEqual([first]);
    expect(store.open(first).record.id).toBe(first);
    expect(readNotes(store, first).title).toBe('mine');
  });

  it('keeps the numbers of what is in it', async () => {
    moveToBin(store, [second]);
    expect((await store.create('three', describeRun())).id).toBe('0003-three');
  });

  it('takes all or none', () => {
    const lock = store.open(second).lock();
    try {
      expectLabError(
        thrownBy(() => moveToBin(store, [first, second])),
        'locked',
        second,
      );
      expect(store.ids()).toEqual([first, second]);
    } finally {
      lock.release();
    }
    moveToBin(store, [first]);
    expectLabError(
      thrownBy(() => takeFromBin(store, [first, second])),
      'not-found',
      second,
    );
    expect(store.ids()).toEqual([second]);
  });

  it('takes a run whose folder is damaged', () => {
    writeFileSync(join(store.runsFolder, first, 'run.json'), '{');
    moveToBin(store, [first]);
    expect(store.ids()).toEqual([second]);
  });

  it('is emptied for good, and may be empty already', () => {
    moveToBin(store, [first]);
    emptyBin(store);
    emptyBin(store);
    expect(existsSync(join(store.runsFolder, '.bin'))).toBe(false);
    expect(store.ids()).toEqual([second]);
    expectLabError(
      thrownBy(() => takeFromBin(store, [first])),
      'not-found',
      first,
    );
  });
});
