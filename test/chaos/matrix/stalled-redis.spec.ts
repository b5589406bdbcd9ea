import { defineWorkflow, examine, LeaseLostError, type ClientOptions } from '@redflow/nestjs';
import { RedisStore } from '../../../lib/redis/redis-store.js';
import { resolveOptions } from '../../../lib/runtime/options.js';
import { useEngine } from '../../engine/engine.js';
import { Gate } from '../../engine/gate.js';
import { eventually } from '../../support/eventually.js';
import { Proxy } from '../storm/proxy.js';
import { describeWithServer, usePrivateRedis } from './support/private-redis.js';
import { WitnessedStore } from './support/witnessed-store.js';

const RUNS = 20;
const RESULT = { timeoutMs: 30_000 };
const STALLS = ['DEBUG SLEEP', 'CLIENT PAUSE WRITE'] as const;

/** What the bodies of the steps of a test have seen. */
class Bodies {
  readonly times = new Map<string, number>();
  /** Bodies of a run that began while another was at work. */
  readonly overlapping: string[] = [];
  readonly abortedBy: unknown[] = [];
  readonly #atWork = new Set<string>();

  count(step: string): void {
    this.times.set(step, (this.times.get(step) ?? 0) + 1);
  }

  /** A body that heeds its signal. */
  async hold(run: string, gate: Gate, signal: AbortSignal): Promise<void> {
    this.count(`${run} held`);
    if (this.#atWork.has(run)) this.overlapping.push(run);
    this.#atWork.add(run);
    const aborted = new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
    try {
      await Promise.race([gate.pass(), aborted]);
    } catch (error) {
      this.abortedBy.push(error);
      throw error;
    } finally {
      this.#atWork.delete(run);
    }
  }

  of(step: string): number[] {
    return [...this.times].flatMap(([name, times]) => (name.endsWith(step) ? [times] : []));
  }
}

// Row 14. A stalled worker: stalled-worker.spec.ts.
describeWithServer('a Redis that', () => {
  const redis = usePrivateRedis(['--enable-debug-command', 'local']);
  const closings: (() => Promise<unknown>)[] = [];
  // Before the hook of `useEngine`, which finds what was left open.
  afterEach(async () => {
    for (const close of closings.splice(0).reverse()) await close();
  });
  const engine = useEngine();
  const here = () => ({ connection: redis.url, prefix: engine.redis.prefix });

  function holding(gate: Gate) {
    const bodies = new Bodies();
    const workflow = defineWorkflow('holding', { maxConcurrency: RUNS }, async ({ step, run }, input: number) => {
      await step.run('stored', () => bodies.count(`${run.id} stored`));
      await step.run('held', ({ signal }) => bodies.hold(run.id, gate, signal));
      return input;
    });
    return { bodies, workflow };
  }

  type Holding = ReturnType<typeof holding>['workflow'];

  /** Two workers, how many renewals they have made, and how many of one were under way at the same time at most. */
  async function startWorkers(workflow: Holding, leaseMs: number, options: Partial<ClientOptions> = {}) {
    const renewals = { most: 0, times: 0 };
    const place = { ...here(), ...options };
    for (let i = 0; i < 2; i++) {
      let underWay = 0;
      const store = new WitnessedStore(
        new RedisStore(resolveOptions(place)),
        () => undefined,
        async (method, call) => {
          if (method !== 'work.extendLeases') return call();
          renewals.times++;
          renewals.most = Math.max(renewals.most, ++underWay);
          return call().finally(() => underWay--);
        },
      );
      closings.push(() => store.close());
      const runtime = { leaseMs, reaperIntervalMs: 50 };
      const worker = await engine.startWorkerOn(store, [workflow], { concurrency: RUNS, runtime });
      closings.push(() => worker.stop());
    }
    return renewals;
  }

  async function startRuns(workflow: Holding) {
    const client = engine.newClient(here());
    return client.runMany(Array.from({ length: RUNS }, (_, input) => ({ workflow, input })));
  }

  /** Resolves once Redis takes writes again. */
  async function stall(how: (typeof STALLS)[number], ms: number): Promise<void> {
    const { commands } = redis.server;
    if (how === 'DEBUG SLEEP') await commands.call('DEBUG', 'SLEEP', String(ms / 1_000));
    else await commands.call('CLIENT', 'PAUSE', String(ms), 'WRITE');
    await commands.set('probe', '1');
  }

  async function expectInOrder(handles: Awaited<ReturnType<typeof startRuns>>, bodies: Bodies): Promise<void> {
    const outputs = await Promise.all(handles.map((handle) => handle.result(RESULT)));
    expect(outputs).toEqual(Array.from({ length: RUNS }, (_, i) => i));
    for (const handle of handles) expect((await handle.state()).attempt).toBe(1);
    expect(bodies.of('stored')).toEqual(new Array(RUNS).fill(1));
    expect(bodies.overlapping).toEqual([]);
    const isRetired = async () => (await redis.server.commands.zcard(engine.key('leases'))) === 0;
    await eventually(isRetired);
    await expect(examine({ ...here(), leaseGraceMs: 0 })).resolves.toMatchObject({ violations: [] });
  }

  it.each(STALLS)(
    'stalls by %s for less than a lease: nothing is executed twice',
    async (how) => {
      const gate = new Gate();
      const { bodies, workflow } = holding(gate);
      const renewals = await startWorkers(workflow, 10_000);
      const handles = await startRuns(workflow);
      await gate.reached(RUNS);
      await stall(how, 2_000);
      gate.open();
      await expectInOrder(handles, bodies);
      expect(bodies.of('held')).toEqual(new Array(RUNS).fill(1));
      expect(bodies.abortedBy).toEqual([]);
      expect(renewals.most).toBe(1);
    },
    60_000,
  );

  it.each(STALLS)(
    'stalls by %s for longer than leases and calls: what was running is aborted first, and then executed once more',
    async (how) => {
      const gate = new Gate();
      const { bodies, workflow } = holding(gate);
      const renewals = await startWorkers(workflow, 800, { commandTimeoutMs: 1_500 });
      const handles = await startRuns(workflow);
      await gate.reached(RUNS);
      const before = gate.entered;
      await stall(how, 4_000);
      expect(bodies.abortedBy.length).toBeGreaterThanOrEqual(RUNS);
      for (const reason of bodies.abortedBy) expect(reason).toBeInstanceOf(LeaseLostError);
      await gate.reached(before + RUNS);
      gate.open();
      await expectInOrder(handles, bodies);
      expect(renewals.most).toBe(1);
    },
    60_000,
  );

  it('answers late: renewals wait for each other, and no stored step is executed again', async () => {
    const proxy = await Proxy.start(redis.server.port, { delayMs: 200 });
    closings.push(() => proxy.close());
    const gate = new Gate();
    const { bodies, workflow } = holding(gate);
    // A renewal takes longer than the time between two of them.
    const renewals = await startWorkers(workflow, 1_000, { connection: `redis://127.0.0.1:${proxy.port}` });
    const handles = await startRuns(workflow);
    await gate.reached(RUNS);
    await eventually(() => renewals.times > 5);
    gate.open();
    await expectInOrder(handles, bodies);
    expect(renewals.most).toBe(1);
  }, 60_000);
});
