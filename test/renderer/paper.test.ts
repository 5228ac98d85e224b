// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { usePaper } from '../../renderer/stores/paper';
import { useRuns } from '../../renderer/stores/runs';
import { cellName, failureText } from '../../renderer/views/paper/rows';
import type { StudyState } from '../../src-core/contract/rpc';
import type { ClaimCell, Scorecard } from '../../src-core/contract/scorecard';
import { answers, calls, connection, reset, settle, summary, tell } from './lab-double';

vi.mock('../../renderer/lab', async () => (await import('./lab-double')).double);

const cell: ClaimCell = { key: 'baseline seed=1', group: 'baseline', seed: 1, state: 'waiting', epoch: 0, epochs: 6 };

function scorecard(study: string, scale: string): Scorecard {
  return { study, scale, name: `${study}-${scale}`, claims: [{ id: 'baseline', cells: [cell] }] } as never;
}

function state(changes: Partial<StudyState> = {}): StudyState {
  return {
    study: 'paper-section-3',
    scale: 'minutes',
    state: 'running',
    cells: [cell],
    share: 0,
    secondsLeft: 9,
    ...changes,
  };
}

let study: StudyState | undefined;
beforeEach(() => {
  reset();
  study = undefined;
  answers['runs'] = () => [];
  answers['study'] = () => study;
  answers['scorecard'] = scorecard;
});

async function opened() {
  const paper = usePaper();
  connection.value = 'ready';
  paper.watched = true;
  await settle();
  return paper;
}

describe('a cell’s name', () => {
  it.each([
    ['baseline seed=1', 'baseline, seed 1'],
    ['map model.hidden=[30,30] objective.temperature=2.5 seed=3', 'map, 30 units, T 2.5, seed 3'],
    ['atlas data.classes=[0,1,2,4,5,6,7,8,9] seed=1', 'atlas, without 3, seed 1'],
    ['economy-soft-0030 seed=2', 'soft targets, 3 %, seed 2'],
    ['economy-hard-1000 seed=1', 'hard labels, 100 %, seed 1'],
    ['student-jittered seed=1', 'student jittered, seed 1'],
    ['two data.classes=[7,8] seed=1', 'two, only 7, 8, seed 1'],
    ['group optimiser.learningRate=0.1', 'group, learningRate 0.1'],
  ])('%s is %s', (key, name) => expect(cellName(key)).toBe(name));

  it('stands in what its students say of it', () => {
    expect(failureText('Its teacher failed: teacher seed=1.')).toBe('Its teacher failed: teacher, seed 1.');
    expect(failureText('The loss is not finite.')).toBe('The loss is not finite.');
  });
});

describe('the paper store', () => {
  it('asks for a scorecard only while somebody looks, and anew for another scale', async () => {
    const paper = usePaper();
    connection.value = 'ready';
    await settle();
    expect(calls.map(([name]) => name)).not.toContain('scorecard');
    paper.watched = true;
    await settle();
    expect(paper.scorecard?.name).toBe('paper-section-3-minutes');
    paper.choose('blog', 'hours');
    await settle();
    expect(paper.scorecard?.name).toBe('blog-hours');
  });

  it('says why there is no scorecard', async () => {
    answers['scorecard'] = () => {
      throw new Error('the seeds cannot be read');
    };
    const paper = await opened();
    expect(paper.failure).toBe('the seeds cannot be read');
    expect(paper.scorecard).toBeUndefined();
  });

  it('shows the study that the core trains, and its cells as they stand now', async () => {
    study = state({ study: 'blog', scale: 'night', cells: [{ ...cell, state: 'running', run: '7' }] });
    answers['runs'] = () => [summary('7', { status: 'running', epoch: 3 })];
    const paper = await opened();
    await settle();
    expect([paper.study, paper.scale, paper.busy]).toEqual(['blog', 'night', true]);
    await vi.waitFor(() => expect(paper.cells).toEqual([{ ...cell, state: 'running', run: '7', epoch: 3 }]), {
      timeout: 5000,
    });
    paper.choose('blog', 'minutes');
    expect(paper.busy).toBe(false);
    expect(paper.elsewhere?.scale).toBe('night');
  });

  it('shows at first what has the most runs', async () => {
    const of = (id: string, name: string) => summary(id, { study: name });
    answers['runs'] = () => [of('1', 'blog-minutes'), of('2', 'blog-hours'), of('3', 'blog-hours')];
    useRuns();
    const paper = usePaper();
    // The view is opened before anything is known of the runs.
    paper.watched = true;
    await settle();
    expect([paper.study, paper.scale]).toEqual(['paper-section-3', 'minutes']);
    connection.value = 'ready';
    await vi.waitFor(() => expect([paper.study, paper.scale]).toEqual(['blog', 'hours']));
    paper.choose('blog', 'full');
    answers['runs'] = () => [of('1', 'blog-minutes'), of('2', 'blog-minutes'), of('3', 'blog-minutes'), of('4', 'x')];
    tell.runsChanged();
    await settle();
    expect(paper.scale).toBe('full');
  });

  it('adds a seed and trains it; a refusal trains nothing', async () => {
    const paper = await opened();
    answers['addSeed'] = () => 6;
    await paper.addSeed('baseline');
    expect(calls).toContainEqual(['addSeed', 'paper-section-3', 'minutes', 'baseline']);
    expect(calls).toContainEqual(['runStudy', 'paper-section-3', 'minutes', 'baseline', {}]);
    calls.length = 0;
    answers['addSeed'] = () => {
      throw new Error('the seeds cannot be written');
    };
    await paper.addSeed('baseline');
    expect(calls.map(([name]) => name)).not.toContain('runStudy');
  });

  it('reads the scorecard again when a run has another status', { timeout: 20_000 }, async () => {
    answers['runs'] = () => [summary('1', { status: 'running' })];
    await opened();
    const readings = () => calls.filter(([name]) => name === 'scorecard').length;
    // Opening leads to more than one reading: the last has come when no more follows.
    let before = 0;
    await vi.waitFor(
      async () => {
        before = readings();
        await new Promise((resolve) => setTimeout(resolve, 1200));
        expect(readings()).toBe(before);
      },
      { timeout: 10_000 },
    );
    answers['runs'] = () => [summary('1')];
    tell.runsChanged();
    await vi.waitFor(() => expect(readings()).toBe(before + 1), { timeout: 5000 });
  });
});
