import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../src-core/contract/run';
import { parseSafetensors } from '../../../src-core/data/safetensors';
import type { Run } from '../../../src-core/experiments/run-store';
import { RunStore } from '../../../src-core/experiments/run-store';
import { expectLabError, rejectionOf, thrownBy } from '../lab-error';
import { checkpointAt, describeRun, epochRecord, stateAt, temporaryStore, writeCheckpoint } from './stored-run';

let store: RunStore;
beforeEach(() => {
  store = temporaryStore();
});

function create(name: string, checkpointEvery = 0): Promise<Run> {
  return store.create(name, describeRun(checkpointEvery));
}

/** The files of a run's folder, without their endings. */
function filesOf(run: Run, folder: 'checkpoints' | 'logits'): string[] {
  return readdirSync(join(run.path, folder))
    .map((file) => file.replace(/(-test)?\.\w+$/, ''))
    .sort();
}

function namesOf(run: Run): string[] {
  return run.record.checkpoints.map(({ name }) => name);
}

/** Changes one bit in the last weight of a checkpoint: the file still parses. */
function flipBit(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length - 2]! ^= 1;
  writeFileSync(file, bytes);
  expect(() => parseSafetensors(bytes, file)).not.toThrow();
}

describe('creating runs', () => {
  it('numbers them, and names their folders for any file system', async () => {
    const names = ['teacher 1200', 'Student “800”, no 3s!', '???', `${'long '.repeat(40)}`];
    for (const name of names) await create(name);
    expect(store.ids()).toEqual([
      '0001-teacher-1200',
      '0002-student-800-no-3s',
      '0003-run',
      expect.stringMatching(/^0004-(long-){11}long$/),
    ]);
  });

  it('goes on after the highest number, past four digits', async () => {
    mkdirSync(join(store.lab, 'runs', '9999-old'), { recursive: true });
    await create('a');
    expect(store.ids()).toEqual(['9999-old', '10000-a']);
  });

  it('gives runs that are made at once different numbers, whatever their names', async () => {
    const others = new RunStore(store.lab);
    const runs = await Promise.all(
      ['a', 'b', 'a', 'c'].map((name, index) => (index % 2 === 0 ? store : others).create(name, describeRun())),
    );
    expect(new Set(runs.map(({ id }) => Number.parseInt(id, 10)))).toEqual(new Set([1, 2, 3, 4]));
    expect(readdirSync(join(store.lab, 'runs')).sort()).toEqual(store.ids());
  });

  it('passes over what an interrupted creation left', async () => {
    mkdirSync(join(store.lab, 'runs', '.new-0001'), { recursive: true });
    expect((await create('a')).id).toBe('0002-a');
    expect(store.list()).toHaveLength(1);
  });

  it('gives back from the folder what was put in', async () => {
    const run = await create('a');
    expect(store.open('1').record).toEqual({ ...describeRun(), id: '0001-a' });
    await run.save({ status: 'failed', failure: 'The loss is not finite.' });
    expect(store.open('1').record).toMatchObject({ status: 'failed', failure: 'The loss is not finite.' });
  });

  it('says at once that the lab folder is a file', async () => {
    const file = join(store.lab, 'file');
    writeFileSync(file, '');
    const blocked = new RunStore(file);
    expectLabError(await rejectionOf(blocked.create('a', describeRun())), 'storage', file, 'a file stands where');
    expectLabError(
      thrownBy(() => blocked.ids()),
      'storage',
      file,
    );
    expect(readFileSync(file, 'utf8')).toBe('');
  });
});

describe('finding runs', () => {
  beforeEach(async () => {
    for (const name of ['teacher', 'student 800', 'student 30', 'baseline']) await create(name);
  });

  it.each([
    ['last', '0004-baseline'],
    ['1', '0001-teacher'],
    ['0002', '0002-student-800'],
    ['0002-student-800', '0002-student-800'],
    ['0003-s', '0003-student-30'],
    ['teacher', '0001-teacher'],
    ['student-30', '0003-student-30'],
  ])('"%s" is %s', (reference, id) => {
    expect(store.resolve(reference)).toBe(id);
  });

  it.each([
    ['techer', 'Did you mean "teacher"?'],
    ['0001-techer', 'Did you mean "0001-teacher"?'],
    ['17', 'npm run lab -- runs'],
    ['resnet', 'There is no run "resnet".'],
    ['../0001-teacher', 'There is no run'],
    ['000', 'could be 0001-teacher or 0002-student-800 or'],
  ])('"%s" is none: %s', (reference, words) => {
    expectLabError(
      thrownBy(() => store.resolve(reference)),
      'not-found',
      words,
    );
  });

  it('says that there are none', () => {
    const empty = temporaryStore();
    expectLabError(
      thrownBy(() => empty.resolve('last')),
      'not-found',
      `There are no runs in ${empty.lab}.`,
    );
  });
});

describe('a damaged run.json', () => {
  const text = (record: RunRecord): string => JSON.stringify(record);
  const with_ = (changes: object) => (record: RunRecord) => JSON.stringify({ ...record, ...changes });
  const checkpoint = { ...checkpointAt(10), sha256: 'a'.repeat(64) };

  it.each<[string, (record: RunRecord) => string, string]>([
    ['cut short', (record) => text(record).slice(0, -20), 'JSON'],
    ['empty', () => '', 'JSON'],
    ['null', () => 'null', 'must be an object'],
    ['of another version', with_({ format: 2 }), 'format is not a format that this version of the lab reads'],
    ['without a model', with_({ model: undefined }), 'model is missing'],
    ['with a model of text', with_({ model: '784-10' }), 'model must be an object'],
    ['with an unknown status', with_({ status: 'asleep' }), 'status is not a status'],
    ['without a list of teachers', with_({ teachers: {} }), 'teachers must be a list'],
    ['without a checkpoint’s hash', with_({ checkpoints: [checkpointAt(10)] }), 'checkpoints.0.sha256 is missing'],
    [
      'with a hash of text',
      with_({ checkpoints: [{ ...checkpoint, sha256: 'x' }] }),
      'checkpoints.0.sha256 must be a sha256',
    ],
    [
      'with a step below 0',
      with_({ checkpoints: [{ ...checkpoint, step: -1 }] }),
      'checkpoints.0.step must be 0 or more',
    ],
    [
      'leading elsewhere',
      with_({ checkpoints: [{ ...checkpoint, name: '../../x' }] }),
      'checkpoints.0.name must be a name',
    ],
    [
      'with counts of text',
      with_({ images: { training: '5', validation: 0 } }),
      'images.training must be a whole number',
    ],
    ['with an unknown field in its spec', (record) => text(record).replace('"seed"', '"sed"'), 'Unknown field "sed"'],
    ['without a spec', with_({ spec: undefined }), 'spec'],
  ])('%s is named with its reason, beside the runs that are whole', async (_, damage, reason) => {
    const damaged = await create('damaged');
    await create('whole');
    const file = join(damaged.path, 'run.json');
    writeFileSync(file, damage(damaged.record));
    const error = thrownBy(() => store.open('damaged'));
    expectLabError(error, 'damaged-file', damaged.id, file, reason, `runs delete ${damaged.id}`);
    expect(store.list()).toEqual([
      { id: damaged.id, damage: (error as Error).message },
      expect.objectContaining({ id: '0002-whole' }),
    ]);
  });

  it('can be deleted', async () => {
    const { path } = await create('damaged');
    writeFileSync(join(path, 'run.json'), 'x');
    await store.delete('1');
    expect(store.ids()).toEqual([]);
  });

  it('is also one that is not there', async () => {
    const { path } = await create('damaged');
    rmSync(join(path, 'run.json'));
    expectLabError(
      thrownBy(() => store.open('1')),
      'damaged-file',
      'ENOENT',
    );
  });
});

describe('deleting runs', () => {
  it('takes the folder away and leaves the others', async () => {
    await create('a');
    await writeCheckpoint(await create('b'), 10);
    await store.delete('b');
    expect(readdirSync(join(store.lab, 'runs'))).toEqual(['0001-a']);
  });

  it('refuses a run that is being trained, and a run that is not there', async () => {
    const run = await create('a');
    const lock = run.lock();
    expectLabError(await rejectionOf(store.delete('1')), 'locked', run.id, 'Stop it first');
    lock.release();
    expectLabError(await rejectionOf(store.delete('2')), 'not-found');
    await store.delete('1');
    expect(store.ids()).toEqual([]);
  });
});

describe('a run’s status', () => {
  it('is "running" only while a living process holds it', async () => {
    const run = await create('a');
    const lock = run.lock();
    await run.save({ status: 'running' });
    expect(store.open('1').status).toBe('running');
    lock.release();
    expect(store.open('1').status).toBe('stopped');
    await run.save({ status: 'finished' });
    expect(store.open('1').status).toBe('finished');
  });
});

describe('checkpoints', () => {
  it('give back the training’s state, bit for bit, from a store opened anew', async () => {
    const run = await create('a');
    await writeCheckpoint(run, 13);
    const read = store.open('1');
    expect(await read.readCheckpoint(read.checkpoint())).toEqual(stateAt(13));
    expect(await read.logits(read.checkpoint(), 'test')).toEqual({
      values: Float32Array.of(13, 1, 2, 3),
      count: 2,
      classes: 2,
    });
    expect(await read.logits(read.checkpoint(), 'validation')).toBeUndefined();
  });

  it('keeps the newest two, the best and every nth, and nothing else on disk', async () => {
    const run = await create('a', 4);
    const errors = [90, 80, 50, 70, 70, 60, 60, 50, 55, 58];
    for (const [index, testErrors] of errors.entries()) await writeCheckpoint(run, 10 * (index + 1), { testErrors });
    const kept = ['epoch-0003', 'epoch-0004', 'epoch-0008', 'epoch-0009', 'epoch-0010'];
    expect(namesOf(run)).toEqual(kept);
    expect(namesOf(store.open('1'))).toEqual(kept);
    expect(filesOf(run, 'checkpoints')).toEqual(kept);
    expect(filesOf(run, 'logits')).toEqual(kept);
    expect(run.record.best).toEqual({ checkpoint: 'epoch-0003', selectedOn: 'test' });
  });

  it('keeps the newest two and the best where no interval is asked for', async () => {
    const run = await create('a');
    for (let epoch = 1; epoch <= 6; epoch++)
      await writeCheckpoint(run, 10 * epoch, { testErrors: epoch === 2 ? 1 : 9 });
    expect(namesOf(run)).toEqual(['epoch-0002', 'epoch-0005', 'epoch-0006']);
  });

  it('does not keep a stop within an epoch as that epoch’s', async () => {
    const run = await create('a', 1);
    for (const step of [10, 14, 20, 30, 40]) await writeCheckpoint(run, step);
    expect(namesOf(run)).toEqual(['epoch-0001', 'epoch-0002', 'epoch-0003', 'epoch-0004']);
  });

  it('chooses the best by validation where there is a split, the earliest of equals, unmarked by test', async () => {
    const run = await create('a', 1);
    await writeCheckpoint(run, 10, { testErrors: 1, validationErrors: 20 });
    await writeCheckpoint(run, 20, { testErrors: 9, validationErrors: 10 });
    await writeCheckpoint(run, 30, { testErrors: 5, validationErrors: 10 });
    expect(run.record.best).toEqual({ checkpoint: 'epoch-0002', selectedOn: 'validation' });
  });

  it('finds them by name, epoch, "last" and "best"', async () => {
    const run = await create('a', 1);
    await writeCheckpoint(run, 10, { testErrors: 5 });
    await writeCheckpoint(run, 20, { testErrors: 4 });
    await writeCheckpoint(run, 25);
    expect(
      ['last', 'best', '1', '2', 'epoch-0001', 'epoch-0002-step-25'].map((each) => run.checkpoint(each).step),
    ).toEqual([25, 20, 10, 20, 10, 25]);
    expectLabError(
      thrownBy(() => run.checkpoint('7')),
      'not-found',
      'no checkpoint "7"',
      'Kept epochs: 1, 2.',
    );
  });

  it('says that there is none yet', async () => {
    const run = await create('a');
    expectLabError(
      thrownBy(() => run.checkpoint()),
      'not-found',
      `Run ${run.id} has no checkpoint yet.`,
    );
  });

  it('can teach under the hash of their file', async () => {
    const run = await create('a');
    await writeCheckpoint(run, 10);
    const { sha256 } = run.checkpoint();
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await run.asTeacher()).toEqual({ run: run.id, checkpoint: 'epoch-0001', sha256 });
  });
});

describe('a damaged checkpoint', () => {
  let run: Run;
  beforeEach(async () => {
    run = await create('a', 1);
    for (const step of [10, 20, 30]) await writeCheckpoint(run, step);
  });

  it.each<[string, (file: string) => void, string]>([
    ['with one bit of a weight flipped', flipBit, 'its contents have changed since it was written'],
    ['cut short', (file) => writeFileSync(file, readFileSync(file).subarray(0, -3)), 'ends within "output/bias"'],
    ['emptied', (file) => writeFileSync(file, ''), 'too few for a header'],
    ['gone', (file) => rmSync(file), 'ENOENT'],
    [
      'exchanged for another',
      (file) => copyFileSync(run.checkpointFile('epoch-0001'), file),
      'its contents have changed',
    ],
  ])('%s is named, and the previous one offered', async (_, damage, reason) => {
    const file = run.checkpointFile('epoch-0003');
    damage(file);
    const error = await rejectionOf(run.readCheckpoint(run.checkpoint()));
    expectLabError(error, 'damaged-file', file, reason, '--checkpoint epoch-0002`');
    expect(await run.readCheckpoint(run.checkpoint('epoch-0002'))).toEqual(stateAt(20));
  });

  it('is answered with the newest that is whole, before it if there is one', async () => {
    flipBit(run.checkpointFile('epoch-0003'));
    flipBit(run.checkpointFile('epoch-0002'));
    expectLabError(await rejectionOf(run.readCheckpoint(run.checkpoint())), 'damaged-file', '--checkpoint epoch-0001`');
    const [first, second] = [run.checkpoint('1'), run.checkpoint('2')];
    expectLabError(await rejectionOf(run.readCheckpoint(second)), 'damaged-file', '--checkpoint epoch-0001`');
    flipBit(run.checkpointFile('epoch-0001'));
    expectLabError(await rejectionOf(run.readCheckpoint(first)), 'damaged-file', 'No other is whole');
  });

  it('cannot teach', async () => {
    flipBit(run.checkpointFile('epoch-0003'));
    expectLabError(await rejectionOf(run.asTeacher()), 'damaged-file', 'epoch-0003');
  });

  it('has logits that are refused by themselves', async () => {
    const file = join(run.path, 'logits', 'epoch-0003-test.npy');
    writeFileSync(file, readFileSync(file).subarray(0, -1));
    expectLabError(await rejectionOf(run.logits(run.checkpoint(), 'test')), 'damaged-file', file);
  });
});

describe('rewinding', () => {
  it('forgets later checkpoints, their files, their figures and their being best', async () => {
    const run = await create('a', 1);
    for (let epoch = 1; epoch <= 4; epoch++) {
      await writeCheckpoint(run, 10 * epoch, { testErrors: 10 - epoch });
      run.appendMetrics(epochRecord(epoch));
    }
    await run.rewind(25);
    const read = store.open('1');
    expect(namesOf(read)).toEqual(['epoch-0001', 'epoch-0002']);
    expect(filesOf(read, 'checkpoints')).toEqual(namesOf(read));
    expect(read.record.best).toEqual({ checkpoint: 'epoch-0002', selectedOn: 'test' });
    expect(read.metrics()).toEqual([epochRecord(1), epochRecord(2)]);
    await run.rewind(0);
    expect(store.open('1').record).not.toHaveProperty('best');
    expect(store.open('1').metrics()).toEqual([]);
  });

  it('removes what a crash left unnamed', async () => {
    const run = await create('a');
    await writeCheckpoint(run, 10);
    for (const file of [
      'checkpoints/epoch-0002.safetensors',
      'checkpoints/epoch-0001.safetensors.1234',
      'logits/epoch-0002-test.npy',
    ]) {
      writeFileSync(join(run.path, file), 'half');
    }
    await run.rewind(10);
    expect(filesOf(run, 'checkpoints')).toEqual(['epoch-0001']);
    expect(filesOf(run, 'logits')).toEqual(['epoch-0001']);
    expect(await run.readCheckpoint(run.checkpoint())).toEqual(stateAt(10));
  });
});

describe('metrics', () => {
  it('are none before the first epoch, then one line an epoch', async () => {
    const run = await create('a');
    expect(run.metrics()).toEqual([]);
    for (const epoch of [1, 2]) run.appendMetrics(epochRecord(epoch));
    expect(store.open('1').metrics()).toEqual([epochRecord(1), epochRecord(2)]);
  });

  it('are read up to a line that a crash cut off, and go on after it once rewound', async () => {
    const run = await create('a');
    for (const epoch of [1, 2, 3]) run.appendMetrics(epochRecord(epoch));
    const file = join(run.path, 'metrics.jsonl');
    writeFileSync(file, readFileSync(file).subarray(0, -20));
    expect(run.metrics()).toEqual([epochRecord(1), epochRecord(2)]);
    await run.rewind(20);
    run.appendMetrics(epochRecord(3));
    expect(run.metrics()).toEqual([1, 2, 3].map(epochRecord));
  });

  it.skipIf(!existsSync('/dev/full'))('say that the disk is full', async () => {
    const run = await create('a');
    symlinkSync('/dev/full', join(run.path, 'metrics.jsonl'));
    expectLabError(
      thrownBy(() => run.appendMetrics(epochRecord(1))),
      'storage',
      'metrics.jsonl: the disk is full',
    );
  });
});
