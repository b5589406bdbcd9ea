import { AsyncLocalStorage } from 'node:async_hooks';
import { defineWorkflow, type RunHandle, type WorkerOptions, type WorkflowDefinition } from '@redflow/nestjs';
import { ReadAhead } from '../../lib/engine/read-ahead.js';
import { eventually } from '../support/eventually.js';
import { useEngine } from './engine.js';
import { Gate } from './gate.js';
import type { HoldingStore } from './holding-store.js';

const UNLIMITED = { maxConcurrency: 100_000 };
/** No attempt was counted for what was given back or recovered. */
const FIRST = { attempt: 1 };

describe('a worker whose runs are quick', () => {
  const engine = useEngine();
  const executed: number[] = [];
  let executing = 0;
  let most = 0;
  beforeEach(() => {
    executed.length = executing = most = 0;
  });

  const quick = defineWorkflow<number, void>('quick', UNLIMITED, async (_, input) => {
    most = Math.max(most, ++executing);
    await Promise.resolve();
    executing--;
    executed.push(input);
  });

  const startMany = (workflow: WorkflowDefinition<number, unknown>, count: number): Promise<RunHandle[]> =>
    engine.client.runMany(Array.from({ length: count }, (_, input) => ({ workflow, input })));

  /** One that is not quick, among others that are. */
  const startAround = async (slow: WorkflowDefinition<null, unknown>) => {
    const around = Array.from({ length: 150 }, (_, input) => ({ workflow: quick, input }));
    const handles = await engine.client.runMany([...around, { workflow: slow, input: null }, ...around]);
    const [held] = handles.splice(around.length, 1) as [RunHandle];
    return { held, others: handles };
  };

  /** Has quick runs executed until a claim brings more of them than one. */
  const untilReadAhead = async (store: HoldingStore, workflow: WorkflowDefinition<number, unknown> = quick) => {
    const claim = store.work.claim.bind(store.work);
    let largest = 0;
    store.work.claim = async (request) => {
      const claimed = await claim(request);
      largest = Math.max(largest, claimed.runs.length);
      return claimed;
    };
    await eventually(async () => {
      const handles = await startMany(workflow, 500);
      await Promise.all(handles.map((handle) => handle.result()));
      return largest > 10;
    }, 30_000);
  };

  /** A worker that reads ahead, and a workflow of which a run holds it up. */
  const readingAhead = async (options: Partial<WorkerOptions> = {}) => {
    const gate = new Gate();
    const slow = defineWorkflow<null, void>('slow', UNLIMITED, () => gate.pass());
    const store = engine.newStore();
    const worker = await engine.startWorkerOn(store, [quick, slow], { concurrency: 1, ...options });
    await untilReadAhead(store);
    return { gate, slow, store, worker };
  };

  it('claims more of them than it executes at once', async () => {
    const store = engine.newStore();
    await engine.startWorkerOn(store, [quick], { concurrency: 1 });
    await untilReadAhead(store);
    expect(most).toBe(1);
    expect(new Set(executed).size).toBe(500);
  });

  it('gives back what waits behind one that is not, for others to execute', async () => {
    const { gate, slow } = await readingAhead({ runtime: { leaseMs: 600_000 } });
    const { held, others } = await startAround(slow);
    await gate.reached();
    await engine.startWorker([quick, slow], { concurrency: 1 });
    for (const run of others) expect(await engine.untilStatus(run, 'succeeded')).toMatchObject(FIRST);
    await expect(engine.state(held)).resolves.toMatchObject({ status: 'running' });
    gate.open();
    await engine.untilStatus(held, 'succeeded');
  });

  it.each(['loseCall', 'loseReply'] as const)('loses none of those that it gives back in vain (%s)', async (fault) => {
    const runtime = { leaseMs: 400, reaperIntervalMs: 100 };
    const { gate, slow, store } = await readingAhead({ runtime });
    store[fault]('work.release', 300);
    const { held, others } = await startAround(slow);
    await gate.reached();
    await engine.startWorker([quick, slow], { concurrency: 1, runtime });
    for (const run of others) expect(await engine.untilStatus(run, 'succeeded')).toMatchObject(FIRST);
    gate.open();
    await engine.untilStatus(held, 'succeeded');
  });

  it('gives back what is waiting when it is stopped', async () => {
    const { gate, slow, worker } = await readingAhead({ drainTimeoutMs: 0 });
    const { held, others } = await startAround(slow);
    await gate.reached();
    await worker.stop();
    const states = await Promise.all([held, ...others].map((run) => engine.state(run)));
    expect(new Set(states.map(({ status }) => status))).toEqual(new Set(['succeeded', 'queued']));
    gate.open();
  });

  it('has one that was begun before take no others with it that only wait', async () => {
    const events: string[] = [];
    const suspect = defineWorkflow<number, void>(
      'suspect',
      UNLIMITED,
      ({ run }) => void events.push(`start ${run.id}`),
    );
    const store = engine.newStore();
    await engine.startWorkerOn(store, [quick, suspect], { concurrency: 1 });
    await untilReadAhead(store);
    const claim = store.work.claim.bind(store.work);
    const release = store.work.release.bind(store.work);
    let together: string[] = [];
    store.work.claim = async (request) => {
      const claimed = await claim(request);
      if (together.length > 0 || claimed.runs.length < 2 || claimed.runs[0]?.workflow !== 'suspect') return claimed;
      together = claimed.runs.map(({ id }) => id);
      return { ...claimed, runs: claimed.runs.map((run) => ({ ...run, startedAt: run.startedAt - 1_000 })) };
    };
    store.work.release = (request) => {
      events.push(`give back ${request.runId}`);
      return release(request);
    };
    await eventually(async () => {
      const runs = [...(await startMany(quick, 500)), ...(await startMany(suspect, 200))];
      await Promise.all(runs.map((run) => run.result()));
      return together.length > 0;
    }, 30_000);
    const [first, ...waiting] = together as [string, ...string[]];
    const atBegin = events.slice(0, events.indexOf(`start ${first}`));
    expect(atBegin).toEqual(expect.arrayContaining(waiting.map((id) => `give back ${id}`)));
  });

  it('keeps the async context of one from the next', async () => {
    const context = new AsyncLocalStorage<number>();
    const seen = new Set<number | undefined>();
    const inContext = defineWorkflow<number, void>('in-context', UNLIMITED, async (_, input) => {
      seen.add(context.getStore());
      context.enterWith(input);
      await Promise.resolve();
    });
    const store = engine.newStore();
    await engine.startWorkerOn(store, [inContext], { concurrency: 1 });
    await untilReadAhead(store, inContext);
    expect(seen).toEqual(new Set([undefined]));
  });
});

describe('how much is read ahead', () => {
  const run = { input: '1' } as never;
  const many = (count: number, input = run): never[] => Array.from({ length: count }, () => input);
  const execute = (ahead: ReadAhead, runs: never[]): void => {
    const claimed = ahead.begin(runs);
    for (const _ of runs) claimed.onExecuted();
  };

  it('grows with the runs that were quick, up to 200 with those that execute', () => {
    const ahead = new ReadAhead(50);
    execute(ahead, many(250));
    expect(ahead.runs).toBe(0);
    execute(ahead, many(10));
    expect(ahead.runs).toBe(10);
    execute(ahead, many(1_000));
    expect(ahead.runs).toBe(150);
    expect(new ReadAhead(1_000).runs).toBe(0);
  });

  it('is nothing after the first claim that took long', async () => {
    const ahead = new ReadAhead(1);
    execute(ahead, many(1_000));
    const claimed = ahead.begin(many(2));
    claimed.onExecuted();
    const begunAt = performance.now();
    await eventually(() => performance.now() - begunAt > 20);
    claimed.onExecuted();
    expect(ahead.runs).toBe(0);
  });

  it('is nothing after large inputs, which would fill the memory', () => {
    const ahead = new ReadAhead(1);
    execute(ahead, many(1_000));
    ahead.begin(many(11, { input: 'x'.repeat(100_000) } as never));
    expect(ahead.runs).toBe(0);
  });
});
