import type { Ownership } from '../../lib/core/store.js';
import type { JournalEntry, TimedEntry } from '../chaos/storm/journal.js';
import { judgeSteps } from '../chaos/storm/step-verdict.js';
import { judge } from '../chaos/storm/verdict.js';
import { useStore } from '../redis/store-fixture.js';
import { mutate, type Mutation } from './lua-mutation.js';
import { claimNext, stepOf } from './scenes/scene.js';

const RUN = 'r1';
const STEPS = ['add:0', 'add:1'];
const NO_FENCE_FOR_STEPS: Mutation = {
  file: 'record-steps.lua',
  from: "run[1] == 'running' and run[2] == ARGV[i + 1]",
  to: "run[1] == 'running'",
};
const NO_FENCE_FOR_ENDS: Mutation = {
  file: 'include/finish-runs.lua',
  from: 'if not run or run[7] ~= ending.token or not intact(',
  to: 'if not run or not intact(',
};

/**
 * A worker freezes with a step in its hands; its lease ends, and another worker executes the run. What the first
 * one writes when it thaws must be refused. Nothing in Redis tells later that it was not: the journal does.
 */
describe('a zombie that nobody fences off', () => {
  const store = useStore();
  let journal: TimedEntry[] = [];
  let restore: () => void = () => undefined;
  beforeEach(() => void (journal = []));
  afterEach(() => restore());

  const note = (pid: number, entry: JournalEntry): number => journal.push({ ...entry, at: journal.length, pid });
  const begin = (pid: number, step: string) =>
    note(pid, { event: 'step_started', run: RUN, step, attempt: 1, calledAt: journal.length, fence: '' });

  /** Stores a step, as long as the lease is held. */
  const complete = async (pid: number, owner: Ownership, step: string): Promise<boolean> => {
    const seq = STEPS.indexOf(step) + 1;
    if ((await store().store.work.recordStep({ ...owner, step: stepOf(step, seq) })) === 'lost') return false;
    note(pid, { event: 'step_stored', run: RUN, step, value: 1 });
    return true;
  };

  const problems = async (): Promise<readonly string[]> =>
    (await judge({ url: store().redis.url, prefix: store().redis.prefix, journal })).problems;

  const play = async (zombieEnds: boolean): Promise<void> => {
    const input = JSON.stringify({ key: 'k', steps: 2, value: 1 });
    await store().queued(RUN, { workflow: 'plain', input });
    note(0, { event: 'accepted', key: 'k', run: RUN });
    const zombie = await claimNext(store(), RUN, 'q');
    begin(1, 'add:0');
    await store().expireLease(RUN);
    await store().recover();
    const worker = await claimNext(store(), RUN, 'q');
    for (const step of STEPS) {
      begin(2, step);
      await complete(2, worker, step);
    }
    if (zombieEnds) await store().fail(zombie);
    else if (await complete(1, zombie, 'add:0')) begin(1, 'add:1');
    await store().finish(worker, '3');
  };

  it.each([true, false])('is the only trouble: with the fence all is in order (it ends the run: %s)', async (ends) => {
    await play(ends);
    expect(await problems()).toEqual([]);
  });

  it('executes steps that are stored: the journal shows it', async () => {
    restore = mutate(NO_FENCE_FOR_STEPS);
    await play(false);
    expect(await problems()).toEqual([`step ${RUN} add:1 started again after it was stored (process 1)`]);
  });

  it('that was frozen between the decision to begin a step and its begin is told from one that is not fenced off', async () => {
    const calledAt = journal.length;
    note(2, { event: 'step_stored', run: RUN, step: 'add:1', value: 1 });
    note(0, { event: 'signal', signal: 'SIGCONT', to: 1 });
    const late = { event: 'step_started', run: RUN, step: 'add:1', attempt: 1, fence: '' } as const;
    const found = (calledAt: number, pid: number) =>
      judgeSteps([...journal, { ...late, calledAt, at: journal.length, pid }]);
    expect(found(calledAt - 1, 1)).toMatchObject({ problems: [], figures: { frozenAtBegin: [`${RUN} add:1`] } });
    expect(found(journal.length, 1).problems).toHaveLength(1);
    expect(found(calledAt - 1, 3).problems).toHaveLength(1);
  });

  it('ends a run that another worker executes: the journal shows it', async () => {
    restore = mutate(NO_FENCE_FOR_ENDS);
    await play(true);
    expect(await problems()).toEqual([expect.stringMatching(`run ${RUN} \\(plain\\) ended as failed`)]);
  });
});
