import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { emptyBin, moveToBin, readNotes, takeFromBin, writeNotes } from '../../../src-core/experiments/run-notes';
import type { RunStore } from '../../../src-core/experiments/run-store';
import { expectLabError, rejectionOf, thrownBy } from '../lab-error';
import { describeRun, temporaryStore } from './stored-run';

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
