import { createClient, ConnectionError, defineWorkflow, examine, startWorker, WorkflowRegistry } from '@redflow/nestjs';
import { describeWithServer } from '../chaos/matrix/support/private-redis.js';
import { eventually } from '../support/eventually.js';
import { newWorker } from './feature-round.js';
import { RedisNode } from './redis-node.js';

describeWithServer('full memory', () => {
  let redis: RedisNode;
  beforeAll(async () => {
    redis = await RedisNode.start(['--maxmemory-policy', 'noeviction']);
  }, 60_000);
  afterAll(() => redis?.close());

  /** Lets the memory be full from now on, whatever is in it. */
  const fill = async () => {
    await redis.commands.config('SET', 'maxmemory', '1');
    await expect(redis.commands.set('anything', '1')).rejects.toThrow('OOM');
  };
  const makeRoom = () => redis.commands.config('SET', 'maxmemory', '0');

  /** Lets the handlers of a test go on. */
  class Gate {
    #open!: () => void;
    readonly passed = new Promise<void>((resolve) => (this.#open = resolve));
    open(): void {
      this.#open();
    }
  }

  test('when the memory is full, new runs are refused and those accepted before go on to their end', async () => {
    const place = { connection: redis.url, prefix: 'full' };
    const gate = new Gate();
    const begun = new Set<string>();
    const child = defineWorkflow('child', { queue: 'q', maxConcurrency: 10 }, () => Promise.resolve('child'));
    const patient = defineWorkflow('patient', { queue: 'q', maxConcurrency: 10 }, ({ signal }) => {
      begun.add('patient');
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    });
    const flaky = defineWorkflow(
      'flaky',
      { queue: 'q', maxConcurrency: 10, retries: { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 10 } } },
      async ({ run }) => {
        begun.add('flaky');
        await gate.passed;
        if (run.attempt === 1) throw new Error('not yet');
        return run.attempt;
      },
    );
    const work = defineWorkflow('work', { queue: 'q', maxConcurrency: 1 }, async ({ step, input }) => {
      const first = await step.run('first', () => 1);
      begun.add((input as { key: string }).key);
      await gate.passed;
      const second = await step.run('second', () => 2);
      return [first, second, await step.runWorkflow('third', child, undefined)];
    });
    const client = createClient({ ...place, retention: { succeeded: { count: 1 } } });
    const worker = await newWorker(place, [work, flaky, patient, child] as never);
    try {
      const running = await client.run(work, { key: 'running' });
      const parked = await client.run(work, { key: 'parked' });
      const retried = await client.run(flaky, undefined);
      const canceled = await client.run(patient, undefined);
      const scheduled = await client.run(child, undefined, { delayMs: 60_000 });
      await eventually(() => begun.has('running') && begun.has('flaky') && begun.has('patient'));
      await fill();

      const refusal = await client.run(work, { key: 'refused' }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(ConnectionError);
      expect(refusal).toMatchObject({ message: expect.stringMatching(/enqueue.*memory.*full.*maxmemory/s) as string });

      gate.open();
      await canceled.cancel();
      await scheduled.cancel();
      expect(await running.result({ timeoutMs: 20_000 })).toEqual([1, 2, 'child']);
      expect(await parked.result({ timeoutMs: 20_000 })).toEqual([1, 2, 'child']);
      expect(await retried.result({ timeoutMs: 20_000 })).toBe(2);
      expect((await canceled.result({ timeoutMs: 20_000 }).catch((error: unknown) => error)) as Error).toMatchObject({
        name: 'RunCanceledError',
      });
      expect((await scheduled.state()).status).toBe('canceled');
      await expect(redis.commands.set('anything', '1')).rejects.toThrow('OOM');

      await makeRoom();
      expect(await (await client.run(work, { key: 'later' })).result({ timeoutMs: 20_000 })).toEqual([1, 2, 'child']);
      expect((await examine(place)).violations).toEqual([]);
    } finally {
      await makeRoom();
      await worker.stop();
      await client.close();
    }
  }, 60_000);

  test('a worker starts, and takes over what another has left, although the memory is full', async () => {
    const place = { connection: redis.url, prefix: 'left' };
    const begun: number[] = [];
    const gate = new Gate();
    const work = defineWorkflow('work', { queue: 'q' }, async () => {
      begun.push(1);
      if (begun.length === 1) await gate.passed;
      return begun.length;
    });
    const client = createClient(place);
    const first = await newWorker(place, [work] as never);
    const handle = await client.run(work, undefined);
    await eventually(() => begun.length === 1);
    await fill();
    await first.stop();
    const second = await newWorker(place, [work] as never);
    expect(await handle.result({ timeoutMs: 20_000 })).toBe(2);
    gate.open();
    await second.stop();
    await client.close();
  }, 60_000);

  test('what retention removes makes room again, without anybody touching Redis', async () => {
    const place = { connection: redis.url, prefix: 'frees', retention: { succeeded: { count: 1 } } };
    const work = defineWorkflow('work', { queue: 'q', maxConcurrency: 10 }, () => Promise.resolve());
    const used = Number(/used_memory:(\d+)/.exec(await redis.commands.info('memory'))?.[1]);
    await redis.commands.config('SET', 'maxmemory', String(used + 6_000_000));
    const client = createClient(place);
    const load = { text: 'x'.repeat(50_000) };
    let accepted = 0;
    const fillOnce = () => client.run(work as never, load as never).then(() => void accepted++);
    await expect(
      (async () => {
        for (;;) await fillOnce();
      })(),
    ).rejects.toThrow(/memory is full/);
    expect(accepted).toBeGreaterThan(20);
    const registry = new WorkflowRegistry();
    registry.add(work);
    const worker = await startWorker({ ...place, app: 'frees', registry, concurrency: 10, serverChecks: false });
    try {
      const handle = await eventually(() => client.run(work as never, load as never), 20_000);
      await (handle as { result(options: object): Promise<unknown> }).result({ timeoutMs: 20_000 });
      const { runs } = await client.listRuns({ status: 'failed' });
      expect(runs).toEqual([]);
    } finally {
      await worker.stop();
      await client.close();
      await makeRoom();
    }
  }, 60_000);
});
