import { defineWorkflow } from '@redflow/nestjs';
import { useEngine } from '../engine/engine.js';

const HOSTILE = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];

const engine = useEngine();

afterEach(() => {
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test.each(HOSTILE)('%s is a name like any other: of a workflow, queue, step, cron id, key and reason', async (name) => {
  const child = defineWorkflow(`${name}-child`, { queue: name }, ({ input }) => Promise.resolve(input));
  const work = defineWorkflow(
    name,
    { queue: name, maxConcurrency: 2, cron: [{ id: name, expression: '0 0 1 1 *' }] },
    async ({ step, input }) => [await step.run(name, () => name), await step.runWorkflow(`${name}2`, child, input)],
  );
  await engine.startWorker([work, child] as never);
  const handle = await engine.client.run(work, { [name]: name }, { idempotencyKey: name });
  expect(await handle.result({ timeoutMs: 10_000 })).toEqual([name, { [name]: name }]);
  expect((await engine.client.getWorkflow(name))?.name).toBe(name);
  expect((await engine.client.listRuns({ workflow: name })).runs.map(({ id }) => id)).toEqual([handle.id]);
  expect((await engine.client.getRunSteps(handle.id)).map((step) => step.name).sort()).toEqual([name, `${name}2`]);
  expect(await engine.client.getRun(name)).toBeUndefined();
});

test('a workflow of such a name that nobody has registered is unknown, not found on a prototype', async () => {
  await engine.startWorker([defineWorkflow('real', { queue: 'q' }, () => Promise.resolve())]);
  for (const name of HOSTILE) {
    const handle = await engine.client.runByName(name, {}, { queue: 'q' });
    await expect(handle.result({ timeoutMs: 10_000 })).rejects.toMatchObject({ error: { kind: 'unknown_workflow' } });
    expect(await engine.client.getWorkflow(name)).toBeUndefined();
  }
});

test('payload fields of such names come back as data, and change nothing else', async () => {
  const hostile = JSON.parse(
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"a":[{"__proto__":3}]}',
  );
  const work = defineWorkflow('work', { queue: 'q' }, async ({ step, input }) => {
    const stored = await step.run('echo', () => input);
    return { stored, polluted: ({} as Record<string, unknown>)['polluted'] ?? 'no' };
  });
  await engine.startWorker([work]);
  const handle = await engine.client.run(work, hostile as never);
  const output = (await handle.result({ timeoutMs: 10_000 })) as { stored: object; polluted: unknown };
  expect(output.polluted).toBe('no');
  expect(JSON.stringify(output.stored)).toBe(JSON.stringify(hostile));
});

test('hash fields of such names in Redis do not reach a prototype', async () => {
  const handle = await engine.client.runByName('nobody', {});
  const key = engine.key(`run:${handle.id}`);
  await engine.redis.commands.hset(key, '__proto__', 'x', 'constructor', 'y');
  expect(await engine.state(handle)).toMatchObject({ id: handle.id, status: 'queued', workflow: 'nobody' });
  await engine.redis.commands.hset(engine.key('workflow:evil'), '__proto__', 'x', 'name', 'evil');
  expect(await engine.client.getWorkflow('evil')).toBeUndefined();
});
