import { setTimeout as delay } from 'node:timers/promises';
import { defineWorkflow, examine } from '@redflow/nestjs';
import { useEngine } from '../../engine/engine.js';
import { Gate } from '../../engine/gate.js';
import { eventually } from '../../support/eventually.js';
import { Proxy } from '../storm/proxy.js';
import { describeWithServer, usePrivateRedis } from './support/private-redis.js';

const RESULT = { timeoutMs: 30_000 };

describeWithServer('connections', () => {
  const redis = usePrivateRedis();
  const engine = useEngine();
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await Proxy.start(redis.server.port);
  });
  afterEach(() => proxy.cut());
  afterAll(() => proxy.close());
  const direct = () => ({ connection: redis.url, prefix: engine.redis.prefix });
  const proxied = () => ({ ...direct(), connection: `redis://127.0.0.1:${proxy.port}` });
  const keyOf = (name: string) => engine.key(name);

  function counting() {
    const bodies = new Map<string, number>();
    const count = (name: string) => bodies.set(name, (bodies.get(name) ?? 0) + 1);
    const child = defineWorkflow('child', { maxConcurrency: 50 }, ({ run }) => void count(run.id));
    const workflow = defineWorkflow('stepped', { maxConcurrency: 50 }, async ({ step, run }, input: number) => {
      await step.run('one', () => count(`${run.id} one`).size);
      await step.runWorkflow('child', child, undefined);
      await step.run('two', () => count(`${run.id} two`).size);
      return input;
    });
    return { bodies, workflow, workflows: [workflow, child] };
  }

  // Row 10.
  it('survive a storm of SCRIPT FLUSH: no call rejects', async () => {
    const { workflow, workflows } = counting();
    await engine.startWorker(workflows, direct());
    const client = engine.newClient(direct());
    let isOver = false;
    const storm = (async () => {
      for (; !isOver; await delay(1)) await redis.server.commands.script('FLUSH');
    })();
    const outputs = [];
    for (let round = 0; round < 10; round++) {
      const handles = await Promise.all(Array.from({ length: 20 }, (_, i) => client.run(workflow, i)));
      outputs.push(...(await Promise.all(handles.map((handle) => handle.result(RESULT)))));
    }
    isOver = true;
    await storm;
    expect(outputs).toHaveLength(200);
    expect(engine.log.filter((line) => /^(warn|error)/.test(line))).toEqual([]);
  }, 60_000);

  // Row 12.
  it('that were given up deliver late what was sent over them: a step that is stored stays so', async () => {
    const [inStep, behindStep] = [new Gate(), new Gate()];
    const retries = { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 1 } } as const;
    const workflow = defineWorkflow('slow', { retries }, async ({ step, run }) => {
      await step.run('slow', () => inStep.pass());
      await behindStep.pass();
      if (run.attempt === 1) throw new Error('the next attempt finds the step');
    });
    await engine.startWorker([workflow], proxied());
    const client = engine.newClient(direct());
    const run = await client.run(workflow, undefined);
    await inStep.reached();
    const late = proxy.holdBack();
    await eventually(() => late.held().includes('step running'));
    late.cut();
    inStep.open();
    await behindStep.reached();
    await late.deliver();
    expect((await client.getRunSteps(run.id)).map(({ status }) => status)).toEqual(['succeeded']);
    behindStep.open();
    await run.result(RESULT);
    expect(inStep.entered).toBe(1);
  }, 60_000);

  // Row 11.
  it('that are killed again and again leave no promise open, and no run', async () => {
    const { workflow, workflows } = counting();
    await engine.startWorker(workflows, { ...direct(), commandTimeoutMs: 1_000 });
    const client = engine.newClient({ ...direct(), commandTimeoutMs: 1_000 });
    const outputs: Promise<unknown>[] = [];
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 10; i++) {
        const start = () => client.run(workflow, i, { idempotencyKey: `${round}-${i}` });
        outputs.push(
          start()
            .catch(start)
            .then((handle) => handle.result(RESULT)),
        );
      }
      await delay(50);
      await redis.server.commands.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    }
    await expect(Promise.all(outputs)).resolves.toHaveLength(100);
    await expect(examine({ ...direct(), leaseGraceMs: 0 })).resolves.toMatchObject({ violations: [] });
  }, 60_000);

  // Row 12.
  it('that lose the replies of a client: what it asked for is done exactly once', async () => {
    const { workflow, workflows } = counting();
    const client = engine.newClient(proxied());
    // So that Redis knows the scripts: it must not have to ask for them.
    await client.cancelRun((await client.run(workflow, 0)).id);
    const created = () => redis.server.commands.zcard(keyOf('runs:created'));
    for (let round = 1; round <= 3; round++) {
      const before = await created();
      proxy.discardReplies();
      const starts = Array.from({ length: 20 }, (_, i) => client.run(workflow, i));
      await eventually(async () => (await created()) === before + 20);
      proxy.cut();
      const handles = await Promise.all(starts);
      expect(new Set(handles.map(({ id }) => id)).size).toBe(20);
      expect(handles.every((handle) => handle.created)).toBe(true);
      expect(await created()).toBe(before + 20);

      await client.listWorkflows();
      proxy.discardReplies();
      const [victim] = handles;
      const canceled = victim?.cancel();
      await eventually(
        async () => (await redis.server.commands.hget(keyOf(`run:${victim?.id}`), 'status')) === 'canceled',
      );
      proxy.cut();
      await canceled;
    }
    await engine.startWorker(workflows, direct());
    const left = async () => (await engine.newClient(direct()).listRuns({ status: 'queued' })).runs.length;
    await eventually(async () => (await left()) === 0);
  }, 60_000);

  it('that lose the replies of a worker: no stored step is executed again, and each run ends once', async () => {
    const { bodies, workflow, workflows } = counting();
    // ioredis keeps the timers of a handshake that was cut for as long as a command may take.
    await engine.startWorker(workflows, { ...proxied(), commandTimeoutMs: 2_000, runtime: { leaseMs: 20_000 } });
    const client = engine.newClient(direct());
    const handles = await client.runMany(Array.from({ length: 60 }, (_, input) => ({ workflow, input })));
    for (let round = 0; round < 8; round++) {
      proxy.discardReplies();
      await delay(15);
      proxy.cut();
      await delay(100);
    }
    const outputs = await Promise.all(handles.map(({ id }) => client.getHandle(id).result(RESULT)));
    expect(outputs).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(bodies.size).toBe(3 * 60);
    expect([...bodies.values()].every((times) => times === 1)).toBe(true);
    await expect(examine({ ...direct(), leaseGraceMs: 0 })).resolves.toMatchObject({ violations: [] });
  }, 60_000);

  // Row 30. The bell alone would find out only after its time-out of 7.2 s.
  it('that are cut while the worker blocks on an empty queue: what falls due then is on time', async () => {
    const { workflow, workflows } = counting();
    await engine.startWorker(workflows, proxied());
    const client = engine.newClient(direct());
    await (await client.run(workflow, 0)).result(RESULT);
    const delayed = await client.run(workflow, 1, { delayMs: 400 });
    proxy.cut();
    await delayed.result(RESULT);
    const { startedAt, createdAt } = await delayed.state();
    expect((startedAt ?? 0) - createdAt).toBeLessThan(400 + 4_000);
  }, 60_000);
});
