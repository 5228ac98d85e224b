import { strToU8, unzipSync, zipSync } from 'fflate';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseRunSpec } from '../../../src-core/contract/spec';
import { importArchive, writeArchive } from '../../../src-core/experiments/archive';
import { readNotes, writeNotes } from '../../../src-core/experiments/run-notes';
import type { Run, RunStore } from '../../../src-core/experiments/run-store';
import { expectLabError, rejectionOf } from '../lab-error';
import { describeRun, stateAt, temporaryStore, writeCheckpoint } from './stored-run';

let store: RunStore;
let other: RunStore;
let teacher: Run;
let student: Run;
let file: string;

beforeEach(async () => {
  store = temporaryStore();
  other = temporaryStore();
  teacher = await store.create('teacher', describeRun(1));
  await writeCheckpoint(teacher, 10, { testErrors: 3 });
  await teacher.save({ status: 'finished' });
  const objective = { kind: 'soft' as const, teachers: [`${teacher.id}@epoch-0001`], temperature: 4, softWeight: 0.9 };
  const described = describeRun(1);
  student = await store.create('student', {
    ...described,
    createdAt: '2024-01-02T03:05:05.000Z',
    spec: parseRunSpec({ ...described.spec, objective }),
    teachers: [await teacher.asTeacher('1')],
  });
  await writeCheckpoint(student, 10, { testErrors: 2 });
  student.appendMetrics({
    epoch: 1,
    step: 10,
    loss: 1,
    hardLoss: 1,
    learningRate: 0.1,
    seconds: 1,
    stepMilliseconds: 1,
  });
  await student.save({ status: 'finished' });
  await writeNotes(store, student.id, { title: 'the good one', note: '<img src=x onerror=alert(1)>' });
  file = join(store.lab, 'student.distill');
});

type Files = Record<string, Uint8Array>;

/** The archive with its files changed, and its manifest with them unless they keep their sums. */
async function changed(change: (files: Files) => void, { sums = true } = {}): Promise<void> {
  await writeArchive(store, student, file);
  const files = unzipSync(readFileSync(file));
  change(files);
  const manifest = JSON.parse(Buffer.from(files['manifest.json']!).toString()) as { files: Record<string, unknown> };
  if (sums) {
    manifest.files = Object.fromEntries(
      Object.entries(files)
        .filter(([name]) => name !== 'manifest.json')
        .map(([name, bytes]) => [
          name,
          { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
        ]),
    );
    files['manifest.json'] = strToU8(JSON.stringify(manifest));
  }
  writeFileSync(file, zipSync(files));
}

async function expectRefused(...words: string[]): Promise<void> {
  expectLabError(await rejectionOf(importArchive(other, file)), 'damaged-file', 'student.distill', ...words);
  const left = existsSync(other.runsFolder) ? readdirSync(other.runsFolder) : [];
  expect(left).toEqual([]);
}

const studentFile = (path: string): string => `runs/${student.id}/${path}`;

describe('a run archive', () => {
  it('brings a run and its teacher into another lab, as they were but for their numbers', async () => {
    await other.create('older', describeRun());
    await writeArchive(store, student, file);
    const { id, added } = await importArchive(other, file);
    expect(added).toEqual(['0002-teacher', '0003-student']);
    expect(id).toBe('0003-student');
    const run = other.open(id);
    expect(run.spec.objective).toMatchObject({ kind: 'soft', teachers: ['0002-teacher@epoch-0001'], temperature: 4 });
    expect(run.record.teachers).toEqual([{ ...student.record.teachers[0], run: '0002-teacher' }]);
    expect(run.record.checkpoints).toEqual(student.record.checkpoints);
    expect(await run.readCheckpoint(run.checkpoint())).toEqual(stateAt(10));
    expect(run.metrics()).toEqual(student.metrics());
    expect(readNotes(other, id).title).toBe('the good one');
    expect(await other.open('0002-teacher').readCheckpoint(other.open('0002-teacher').checkpoint())).toEqual(
      stateAt(10),
    );
  });

  it('is the same bytes each time', async () => {
    await writeArchive(store, student, file);
    const first = readFileSync(file);
    await writeArchive(store, student, file);
    expect(readFileSync(file).equals(first)).toBe(true);
  });

  it('is taken once: what is here already stays as it is', async () => {
    await writeArchive(store, teacher, file);
    await importArchive(other, file);
    await writeArchive(store, student, file);
    expect((await importArchive(other, file)).added).toEqual(['0002-student']);
    expect(other.open('0002').record.teachers[0]!.run).toBe('0001-teacher');
    expect(await importArchive(other, file)).toEqual({ id: '0002-student', added: [] });
    expect(await importArchive(store, file)).toEqual({ id: student.id, added: [] });
  });

  it('is not made of a run that is being trained, or whose teacher is gone', async () => {
    const lock = student.lock();
    expectLabError(await rejectionOf(writeArchive(store, student, file)), 'locked', student.id);
    lock.release();
    await store.delete(teacher.id);
    expectLabError(await rejectionOf(writeArchive(store, student, file)), 'not-found', teacher.id);
    expect(existsSync(file)).toBe(false);
  });

  it('is not made of a damaged checkpoint', async () => {
    writeFileSync(student.checkpointFile('epoch-0001'), 'no');
    expectLabError(await rejectionOf(writeArchive(store, student, file)), 'damaged-file', 'epoch-0001');
    expect(existsSync(file)).toBe(false);
  });
});

describe('an archive is refused whole', () => {
  it('when any of its bytes was changed or it was cut off', async () => {
    await writeArchive(store, student, file);
    const whole = readFileSync(file);
    // Every part of it: local headers, contents, the directory at the end.
    for (let at = 0; at < whole.length; at += 97) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 0x41;
      writeFileSync(file, bytes);
      const imported = await importArchive(other, file).catch((error: unknown) => error);
      // A byte that nothing reads, such as a file's date, changes nothing; all others are noticed.
      if (imported instanceof Error) expectLabError(imported, 'damaged-file', 'student.distill');
      else {
        expect(await other.open('student').readCheckpoint(other.open('student').checkpoint())).toEqual(stateAt(10));
        for (const id of other.ids().reverse()) await other.delete(id);
      }
      expect(readdirSync(join(other.lab)).length === 0 ? [] : other.ids()).toEqual([]);
    }
    for (const length of [0, 10, whole.length / 2, whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, length));
      await expectRefused();
    }
  });

  it('when a file has changed, is missing, or is of another length', async () => {
    await changed((files) => (files[studentFile('metrics.jsonl')] = strToU8('{"epoch":1,"step":11}\n')), {
      sums: false,
    });
    await expectRefused('metrics.jsonl');
    await changed((files) => Reflect.deleteProperty(files, studentFile('metrics.jsonl')), { sums: false });
    await expectRefused('metrics.jsonl', 'missing');
    await changed((files) => Reflect.deleteProperty(files, studentFile('checkpoints/epoch-0001.safetensors')));
    await expectRefused('epoch-0001', 'missing');
  });

  it('when it holds what is no part of a run, wherever that would lead', async () => {
    for (const name of [
      '../../escaped.txt',
      '/etc/escaped',
      'runs/../../escaped',
      `runs/${'../'.repeat(3)}escaped/run.json`,
      studentFile('../../escaped'),
      studentFile('checkpoints/../../escaped.npy'),
      studentFile('run.lock'),
      studentFile('logits\\escaped.npy'),
      'runs/9999-stranger/run.json',
    ]) {
      await changed((files) => (files[name] = strToU8('x')));
      await expectRefused('no part of a run');
    }
  });

  it('when its teacher is missing from it', async () => {
    await changed((files) => {
      for (const name of Object.keys(files))
        if (name.startsWith(`runs/${teacher.id}/`)) Reflect.deleteProperty(files, name);
      files['manifest.json'] = strToU8(
        JSON.stringify({ format: 'distill-lab-archive-1', runs: [student.id], files: {} }),
      );
    });
    await expectRefused(teacher.id, 'missing');
  });

  it('when a record, a checkpoint, logits or a line of metrics are none, though their sums are right', async () => {
    await changed((files) => (files[studentFile('run.json')] = strToU8('{"format":1}')));
    await expectRefused();
    await changed((files) => (files[studentFile('run.json')] = strToU8('no JSON')));
    await expectRefused();
    await changed((files) => (files[studentFile('checkpoints/epoch-0001.safetensors')] = strToU8('no')));
    await expectRefused('epoch-0001');
    await changed((files) => (files[studentFile('logits/epoch-0001-test.npy')] = strToU8('no')));
    await expectRefused();
    await changed((files) => (files[studentFile('metrics.jsonl')] = strToU8('no\n')));
    await expectRefused();
  });

  it('when it says that it unpacks to more than memory, or to more than it does', async () => {
    await changed(
      (files) => {
        const manifest = JSON.parse(Buffer.from(files['manifest.json']!).toString()) as {
          files: Record<string, { bytes: number }>;
        };
        manifest.files[studentFile('metrics.jsonl')]!.bytes = 5e10;
        files['manifest.json'] = strToU8(JSON.stringify(manifest));
      },
      { sums: false },
    );
    await expectRefused('would unpack to');
    // A kilobyte that becomes a gigabyte, under a name that is right.
    await changed((files) => (files[studentFile('metrics.jsonl')] = new Uint8Array(2 ** 27)), { sums: false });
    await expectRefused('not as long as');
  });

  it('when it is no archive at all', async () => {
    writeFileSync(file, 'a text');
    await expectRefused();
    writeFileSync(file, zipSync({ 'run.json': strToU8('{}') }));
    await expectRefused('no manifest');
    writeFileSync(file, zipSync({ 'manifest.json': strToU8('{"format":"other"}') }));
    await expectRefused('not an archive that this version');
    expectLabError(await rejectionOf(importArchive(other, join(other.lab, 'nowhere.distill'))), 'storage', 'nowhere');
  });
});
