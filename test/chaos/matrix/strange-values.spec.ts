import { defineWorkflow } from '@redflow/nestjs';
import { failureOf, useEngine } from '../../engine/engine.js';

const HOSTILE_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];

describe('strange values', () => {
  const engine = useEngine();

  // Row 31. Inputs: test/engine/bad-input.spec.ts.
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each<[string, () => unknown]>([
    ['a BigInt', () => 1n],
    ['a cycle', () => cycle],
    ['a nesting of 10,000 levels', () => JSON.parse('['.repeat(10_000) + ']'.repeat(10_000)) as unknown],
    ['a function', () => () => 1],
    [
      'a toJSON that throws',
      () => ({
        toJSON: () => {
          throw new Error('no JSON');
        },
      }),
    ],
  ])('an output that is %s fails the run for good, and a step too', async (_what, make) => {
    let executions = 0;
    const retries = { maxAttempts: 5, backoff: { type: 'fixed', delayMs: 1 } } as const;
    const returns = defineWorkflow('returns', { retries }, () => (executions++, make()));
    const steps = defineWorkflow('steps', { retries }, ({ step }) => step.run('step', () => (executions++, make())));
    await engine.startWorker([returns, steps]);
    for (const workflow of [returns, steps]) {
      const handle = await engine.client.runByName(workflow.name, undefined);
      await expect(failureOf(handle)).resolves.toMatchObject({ error: { kind: 'serialization' } });
    }
    expect(executions).toBe(2);
  });

  // Row 32.
  it('of JSON are given as JSON gives them: NaN as null, a Map as an empty object', async () => {
    const echo = defineWorkflow('echo', {}, (_ctx, input: unknown) => input);
    await engine.startWorker([echo]);
    const handle = await engine.client.run(echo, {
      nan: NaN,
      infinite: Infinity,
      map: new Map([[1, 2]]),
      date: new Date(0),
    });
    await expect(handle.result()).resolves.toEqual({
      nan: null,
      infinite: null,
      map: {},
      date: '1970-01-01T00:00:00.000Z',
    });
  });

  it('pollute no prototype: as payload, and as names of workflows, queues, steps, keys and triggers', async () => {
    const payload: unknown = JSON.parse(
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
    );
    const workflows = HOSTILE_NAMES.map((name) =>
      defineWorkflow(name, { queue: name, cron: [{ id: name, expression: '0 0 1 1 *' }] }, async ({ step, input }) => {
        for (const step_name of HOSTILE_NAMES) await step.run(step_name, () => input);
        return input;
      }),
    );
    await engine.startWorker(workflows);
    for (const name of HOSTILE_NAMES) {
      const handle = await engine.client.runByName(name, payload, { idempotencyKey: name });
      expect(JSON.stringify(await handle.result({ timeoutMs: 10_000 }))).toBe(JSON.stringify(payload));
      const steps = await engine.client.getRunSteps(handle.id);
      expect(steps.map((step) => step.name)).toEqual(HOSTILE_NAMES);
      await expect(engine.client.getRun(name)).resolves.toBeUndefined();
    }
    await expect(engine.client.listWorkflows()).resolves.toHaveLength(HOSTILE_NAMES.length);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  // Row 33.
  it('at the limit of bytes, counted in UTF-8: one below is taken, one above refused before Redis is touched', async () => {
    const limits = { payloadBytes: 1_000, payloadDepth: 10 };
    const client = engine.newClient({ limits });
    // Two quotes, and two bytes for each letter.
    await client.runByName('sized', 'ä'.repeat(499));
    await expect(client.runByName('sized', `${'ä'.repeat(499)}x`)).rejects.toThrow('1001 bytes, allowed are 1000');
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    await client.runByName('sized', nested(10));
    await expect(client.runByName('sized', nested(11))).rejects.toThrow('deeper than 10 levels');
    expect(await engine.redis.commands.zcard(engine.key('runs:created'))).toBe(2);
  });

  // Row 26. What is refused, by name: test/engine/bad-input.spec.ts.
  it('as cron expressions are refused or understood, whatever they are, and do not hang', () => {
    const alphabet = ['*', '/', '-', ',', '0', '7', '31', '99', '?', 'L', '#', 'W', 'MON', 'FEB', ' ', '@', '１'];
    let state = 7;
    const pick = () => alphabet[(state = (state * 48_271) % 2_147_483_647) % alphabet.length];
    const expressions = Array.from({ length: 300 }, (_, i) => {
      const fields = Array.from({ length: 5 + (i % 2) }, () => Array.from({ length: 1 + (i % 3) }, pick).join(''));
      return fields.join(' ');
    });
    const hostile = [
      '0 0 31 2,4,6,9,11 *',
      '0 0 0 0 0',
      '*/0 * * * *',
      '1-99999999 * * * *',
      '* '.repeat(10_000),
      '0,'.repeat(10_000),
    ];
    for (const expression of [...expressions, ...hostile]) {
      const define = () => defineWorkflow('fuzzed', { cron: [{ expression }] }, () => 1);
      try {
        define();
      } catch (error) {
        expect(error).toMatchObject({ name: 'ConfigurationError' });
      }
    }
  });
});
