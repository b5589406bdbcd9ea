import { defineWorkflow, type WorkflowDefinition } from '@redflow/nestjs';
import { failureOf, useEngine } from './engine.js';

const LONG = 'long:'.repeat(4_000);
const NAMES = [
  '',
  ':',
  'a:b',
  'a:b:steps',
  'x:queued',
  'runs:created',
  '{a}',
  '%3A',
  '*?[x]',
  ' spaced out ',
  'line\nbreak',
  'NUL\0NUL',
  'Ünïcödé 🦊 ไทย',
  'constructor',
  '__proto__',
  '1',
  LONG,
];

describe('names and keys are data', () => {
  const engine = useEngine();
  const shown = (name: string) => JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
  const cases = NAMES.map((name) => [shown(name), name] as const);

  it('of workflows, queues, cron ids, steps and idempotency keys, all at once', async () => {
    const inner = defineWorkflow('inner', { queue: 'inner', maxConcurrency: 20 }, () => 'inner');
    const workflows = NAMES.map((name) =>
      defineWorkflow(name, { queue: name, cron: [{ id: name, expression: '0 0 1 1 *' }] }, async ({ step, run }) => {
        const memo = await step.run(name, () => run.workflow);
        const child = await step.runWorkflow(`child ${name}`, inner, undefined);
        return [memo, child];
      }),
    );
    await engine.startWorker([...workflows, inner], { concurrency: 20 });
    const handles = await engine.client.runMany(
      NAMES.map((name, i) => ({
        workflow: workflows[i] as WorkflowDefinition,
        input: undefined,
        options: { idempotencyKey: name },
      })),
    );
    await expect(Promise.all(handles.map((handle) => handle.result()))).resolves.toEqual(
      NAMES.map((name) => [name, 'inner']),
    );
    for (const [i, name] of NAMES.entries()) {
      const { runs } = await engine.client.listRuns({ workflow: name });
      expect(runs).toMatchObject([
        { id: handles[i]?.id, workflow: name, queue: name, idempotencyKey: name, status: 'succeeded' },
      ]);
      await expect(engine.client.getWorkflow(name)).resolves.toMatchObject({ name, queue: name, cron: [{ id: name }] });
      const again = await engine.client.runByName(name, undefined, { idempotencyKey: name });
      expect(again).toMatchObject({ id: handles[i]?.id, created: false });
    }
    expect((await engine.client.listWorkflows()).map(({ name }) => name).sort()).toEqual([...NAMES, 'inner'].sort());
    await expect(engine.redis.commands.hlen(engine.key('cron:def'))).resolves.toBe(NAMES.length);
  });

  it('of workflow and idempotency key: no two pairs meet', async () => {
    const pairs = [
      ['a', 'b:c'],
      ['a:b', 'c'],
      ['a:b:c', ''],
      ['', 'a:b:c'],
      ['a%3Ab', 'c'],
    ] as const;
    const handles = await Promise.all(
      pairs.map(([name, idempotencyKey]) => engine.client.runByName(name, 1, { idempotencyKey })),
    );
    expect(new Set(handles.map(({ id }) => id)).size).toBe(pairs.length);
    expect(handles.every(({ created }) => created)).toBe(true);
  });

  it.each(cases)('of steps: %s is stored, replayed and told', async (_shown, name) => {
    let bodies = 0;
    const retries = { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 0 } } as const;
    const workflow = defineWorkflow('stepping', { retries }, async ({ step, run }) => {
      const value = await step.run(name, ({ idempotencyKey }) => {
        bodies++;
        return idempotencyKey;
      });
      if (run.attempt === 1) throw new Error('replay');
      return value;
    });
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await expect(handle.result()).resolves.toBe(`${handle.id}/${name}`);
    expect(bodies).toBe(1);
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([{ name, status: 'succeeded', seq: 1 }]);
  });

  it('of many steps of one run: none meets another', async () => {
    const workflow = defineWorkflow('stepping', {}, ({ step }) =>
      Promise.all(NAMES.map((name, i) => step.run(name, () => i))),
    );
    await engine.startWorker([workflow]);
    await expect((await engine.client.run(workflow, undefined)).result()).resolves.toEqual(NAMES.map((_, i) => i));
  });

  it.each(cases)('of steps that wait for a child: %s', async (_shown, name) => {
    const child = defineWorkflow('child', {}, () => 'child');
    const parent = defineWorkflow('parent', {}, ({ step }) => step.runWorkflow(name, child, undefined));
    await engine.startWorker([parent, child]);
    await expect((await engine.client.run(parent, undefined)).result()).resolves.toBe('child');
  });

  it('that are no text or not well formed are refused', async () => {
    expect(() => defineWorkflow('\ud800', {}, () => 1)).toThrow('well-formed');
    expect(() => defineWorkflow('x'.repeat(70_000), {}, () => 1)).toThrow('65536 bytes');
    const workflow = defineWorkflow('stepping', {}, ({ step }) => step.run('\udfff', () => 1));
    await engine.startWorker([workflow]);
    await expect(failureOf(await engine.client.run(workflow, undefined))).resolves.toMatchObject({
      error: { message: expect.stringContaining('step name') },
    });
  });
});
