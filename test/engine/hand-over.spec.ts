import { setTimeout as delay } from 'node:timers/promises';
import { defineWorkflow, type RunHandle, type WorkerOptions } from '@redflow/nestjs';
import type { Bell, Heard, Listening } from '../../lib/core/store.js';
import { eventually } from '../support/eventually.js';
import { useEngine } from './engine.js';
import { Gate } from './gate.js';
import type { HoldingStore } from './holding-store.js';

// Of a cluster each node knows only of its own connections: there a worker is seldom seen, and runs are claimed.
const onOneServer = process.env['REDFLOW_TEST_TOPOLOGY'] === 'cluster' ? describe.skip : describe;

onOneServer('a run that is started while a worker is idle', () => {
  const engine = useEngine();
  let executed: string[] = [];
  let gate = new Gate();
  beforeEach(() => {
    executed = [];
    gate = new Gate();
  });

  const options = { queue: 'work', maxConcurrency: 10 };
  const quick = defineWorkflow('quick', options, ({ run }) => void executed.push(run.id));
  const slow = defineWorkflow('slow', options, async ({ run }) => {
    executed.push(run.id);
    await gate.pass();
  });
  const workflows = [quick, slow];
  const start = () => engine.client.run(quick, undefined);

  const untilStanding = (timeoutMs?: number) =>
    eventually(async () => (await engine.redis.commands.exists(engine.key('q:work:standby'))) === 1, timeoutMs);

  /** What becomes of a message by which a worker is handed a run. */
  type Fate = (heard: Heard, closed: Promise<void>) => Promise<Heard | undefined>;

  type IdleOptions = Partial<WorkerOptions> & { store?: HoldingStore; fate?: Fate };

  /** A worker that stands by: which it does from the claim after its first wait on. */
  async function startIdle({ store = engine.newStore(), fate, ...settings }: IdleOptions = {}) {
    const intercepted = intercept(store);
    const worker = await engine.startWorkerOn(store, workflows, settings);
    await eventually(async () => {
      await (await start()).result();
      return untilStanding(100);
    });
    intercepted.fate = fate;
    executed = [];
    return worker;
  }

  function intercept(store: HoldingStore): { fate: Fate | undefined } {
    const intercepted: { fate: Fate | undefined } = { fate: undefined };
    const openBell = store.openBell.bind(store);
    store.openBell = () => {
      const bell = openBell();
      let close = (): void => undefined;
      const closed = new Promise<void>((resolve) => (close = resolve));
      return {
        get presence() {
          return bell.presence;
        },
        async wait(listening: Listening) {
          const heard = await bell.wait(listening);
          return heard && 'handed' in heard && intercepted.fate ? intercepted.fate(heard, closed) : heard;
        },
        async close() {
          close();
          await bell.close();
        },
      } satisfies Bell;
    };
    return intercepted;
  }

  const isHanded = (handle: RunHandle) => engine.untilStatus(handle, 'running');

  async function expectOnce(handles: readonly RunHandle[]): Promise<void> {
    for (const handle of handles) {
      await handle.result();
      await expect(handle.state()).resolves.toMatchObject({ attempt: 1 });
    }
    expect(executed.sort()).toEqual(handles.map(({ id }) => id).sort());
    expect(engine.log.filter((line) => line.startsWith('warn: run'))).toEqual([]);
  }

  it('is executed without a claim', async () => {
    const store = engine.newStore();
    await startIdle({ store });
    const hold = store.holdCall('work.claim');
    await expectOnce([await start()]);
    await hold.reached;
  });

  it('is given by the next claim, where the message was lost', async () => {
    let lost = 0;
    await startIdle({ fate: async () => void lost++ });
    await expectOnce([await start()]);
    expect(lost).toBe(1);
  });

  it.each([
    ['arrives', false],
    ['is lost as well', true],
  ])('is kept for the worker whose claim got no answer; the message %s', async (_, isLost) => {
    const store = engine.newStore();
    let messages = 0;
    const fate: Fate = async (heard) => (++messages === 2 && isLost ? undefined : heard);
    await startIdle({ store, fate });
    store.loseReply('work.claim');
    const first = await start();
    await untilStanding();
    const second = await start();
    await isHanded(second);
    await expectOnce([first, second]);
  });

  it.each([
    ['answered', false],
    ['not answered', true],
  ])('goes to another, where the worker stops before it hears of it; its last claim was %s', async (_, isLost) => {
    const store = engine.newStore();
    const worker = await startIdle({ store, fate: (_heard, closed) => closed.then(() => undefined) });
    if (isLost) {
      store.loseReply('work.claim', 1_000);
      const claims = store.calls('work.claim');
      // Has the worker claim anew.
      await engine.redis.commands.rpush(engine.key('q:work:bell'), '1');
      await eventually(() => store.calls('work.claim') > claims + 1);
    }
    const handle = await start();
    await isHanded(handle);
    store.releaseAll();
    await worker.stop();
    await engine.untilStatus(handle, 'queued');
    await engine.startWorker(workflows);
    await expectOnce([handle]);
  });

  it('is not begun by a worker that hears of it after its lease', async () => {
    const store = engine.newStore();
    const thaw = new Gate();
    const runtime = { leaseMs: 400, reaperIntervalMs: 50 };
    await startIdle({ store, runtime, fate: (heard) => thaw.pass().then(() => heard) });
    const handle = await start();
    await thaw.reached();
    await engine.startWorker(workflows, { runtime });
    await handle.result();
    const claims = store.calls('work.claim');
    thaw.open();
    await eventually(() => store.calls('work.claim') > claims);
    expect(executed).toEqual([handle.id]);
    await expect(handle.state()).resolves.toMatchObject({ status: 'succeeded', attempt: 1 });
  });

  it('is claimed where runs came together before, until one comes alone', async () => {
    const store = engine.newStore();
    await startIdle({ store });
    const together = await engine.client.runMany(
      Array.from({ length: 5 }, () => ({ workflow: quick, input: undefined })),
    );
    await Promise.all(together.map((handle) => handle.result()));
    const hold = store.holdCall('work.claim');
    const claimed = await start();
    await hold.reached;
    await expect(claimed.state()).resolves.toMatchObject({ status: 'queued' });
    hold.release();
    await claimed.result();
    await (await start()).result();
    await untilStanding();
    const next = store.holdCall('work.claim');
    await (await start()).result();
    await next.reached;
  });

  it('takes the one slot of a worker, and gives it back', async () => {
    await startIdle({ concurrency: 1 });
    for (let round = 0; round < 3; round++) {
      gate = new Gate();
      const held = await engine.client.run(slow, undefined);
      await gate.reached();
      const next = await start();
      await delay(50);
      await expect(next.state()).resolves.toMatchObject({ status: 'queued' });
      gate.open();
      await Promise.all([held.result(), next.result()]);
    }
    expect(executed).toHaveLength(6);
  });

  it('is claimed by a worker of many queues', async () => {
    const queues = Array.from({ length: 17 }, (_, i) => `queue-${i}`);
    const many = queues.map((queue) => defineWorkflow(`in-${queue}`, { queue }, () => queue));
    await engine.startWorker(many);
    for (let round = 0; round < 2; round++) {
      for (const workflow of many.slice(0, 2)) await (await engine.client.run(workflow, undefined)).result();
    }
    const standing = many.map((_, i) => engine.redis.commands.exists(engine.key(`q:queue-${i}:standby`)));
    expect(await Promise.all(standing)).toEqual(many.map(() => 0));
  });
});
