import { defineWorkflow, type StepScope } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { failureOf, useEngine } from './engine.js';
import { Gate } from './gate.js';

const AT_ONCE = { type: 'fixed', delayMs: 0 } as const;
const TWO_ATTEMPTS = { maxAttempts: 2, backoff: AT_ONCE } as const;

describe('steps', () => {
  const engine = useEngine();

  it('tell their function signal, attempt, idempotency key and fence', async () => {
    const scopes: StepScope[] = [];
    const workflow = defineWorkflow('scoped', { retries: TWO_ATTEMPTS }, async ({ step }) => {
      await step.run({ name: 'call', retries: TWO_ATTEMPTS }, (scope) => {
        scopes.push(scope);
        throw new Error('no');
      });
    });
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await failureOf(handle);
    expect(scopes.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2]);
    expect(new Set(scopes.map(({ idempotencyKey }) => idempotencyKey))).toEqual(new Set([`${handle.id}/call`]));
    const fences = scopes.map(({ fence }) => fence);
    expect(fences[0]).toBe(fences[1]);
    expect(fences[2]).toBe(fences[3]);
    expect(fences[0]).not.toBe(fences[2]);
    expect(scopes.every(({ signal }) => signal instanceof AbortSignal)).toBe(true);
  });

  it('refuse a second step of one name in one execution, and say which', async () => {
    let bodies = 0;
    const workflow = defineWorkflow('twice', { retries: { maxAttempts: 3 } }, async ({ step }) => {
      await step.run('charge', () => ++bodies);
      await step.run('charge', () => ++bodies);
    });
    await engine.startWorker([workflow]);
    await expect(failureOf(await engine.client.run(workflow, undefined))).resolves.toMatchObject({
      error: { name: 'DuplicateStepError', message: expect.stringContaining('"charge"') },
    });
    expect(bodies).toBe(1);
  });

  it('refuse it for steps of different kinds, and for parallel ones', async () => {
    const child = defineWorkflow('child', {}, () => 1);
    const workflow = defineWorkflow('mixed', {}, async ({ step }) => {
      const [first, second] = await Promise.allSettled([
        step.run('same', () => 'fine'),
        step.runWorkflow('same', child, undefined),
      ]);
      return [first.status, second.status === 'rejected' && (second.reason as Error).name];
    });
    await engine.startWorker([workflow, child]);
    await expect((await engine.client.run(workflow, undefined)).result()).resolves.toEqual([
      'fulfilled',
      'DuplicateStepError',
    ]);
  });

  it('are told in order of seq, which stays monotonic over retries', async () => {
    const workflow = defineWorkflow('ordered', { retries: TWO_ATTEMPTS }, async ({ step, run }) => {
      await step.run('a', () => 1);
      await step.run(`only in attempt ${run.attempt}`, () => 2);
      await step.run('b', () => {
        if (run.attempt === 1) throw new Error('no');
        return 3;
      });
      await step.run('c', () => 4);
    });
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await handle.result();
    const steps = await engine.client.getRunSteps(handle.id);
    expect(steps.map(({ seq, name, output }) => [seq, name, output])).toEqual([
      [1, 'a', 1],
      [2, 'only in attempt 1', 2],
      [3, 'b', 3],
      [4, 'only in attempt 2', 2],
      [5, 'c', 4],
    ]);
  });

  it('show what they have come to', async () => {
    const workflow = defineWorkflow('shown', {}, async ({ step }) => {
      await step.run('fine', () => ({ ok: true }));
      await step.run({ name: 'hopeless', retries: TWO_ATTEMPTS }, () => Promise.reject(new TypeError('broken')));
    });
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await failureOf(handle);
    const times = { startedAt: expect.any(Number), finishedAt: expect.any(Number) };
    await expect(engine.client.getRunSteps(handle.id)).resolves.toEqual([
      { name: 'fine', status: 'succeeded', seq: 1, output: { ok: true }, error: undefined, attempts: 1, ...times },
      {
        name: 'hopeless',
        status: 'failed',
        seq: 2,
        output: undefined,
        error: expect.objectContaining({ name: 'TypeError', message: 'broken', kind: 'error' }),
        attempts: 2,
        ...times,
      },
    ]);
  });

  it('are shown while they run', async () => {
    const gate = new Gate();
    const workflow = defineWorkflow('long', {}, ({ step }) => step.run('long', () => gate.pass()));
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    const [step] = await eventually(async () => {
      const steps = await engine.client.getRunSteps(handle.id);
      return steps.length > 0 ? steps : undefined;
    });
    expect(step).toMatchObject({ name: 'long', status: 'running', seq: 1, attempts: 0, finishedAt: undefined });
    gate.open();
    await handle.result();
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([{ status: 'succeeded', attempts: 1 }]);
  });

  it('have attempts of their own, which cost the run none', async () => {
    let bodies = 0;
    const workflow = defineWorkflow('flaky', {}, async ({ step, run }) => {
      const value = await step.run({ name: 'flaky', retries: { maxAttempts: 5, backoff: AT_ONCE } }, ({ attempt }) => {
        bodies++;
        if (attempt < 4) throw new Error('not yet');
        return attempt;
      });
      return [value, run.attempt];
    });
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await expect(handle.result()).resolves.toEqual([4, 1]);
    expect(bodies).toBe(4);
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([{ attempts: 4, status: 'succeeded' }]);
  });

  it('time out by attempt: TimeoutError, and the signal aborts', async () => {
    const reasons: unknown[] = [];
    const workflow = defineWorkflow('slow', {}, ({ step }) =>
      step.run({ name: 'slow', timeoutMs: 20, retries: TWO_ATTEMPTS }, ({ signal }) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason), { once: true });
        return new Promise(() => undefined);
      }),
    );
    await engine.startWorker([workflow]);
    await expect(failureOf(await engine.client.run(workflow, undefined))).resolves.toMatchObject({
      error: { name: 'TimeoutError', kind: 'timeout', message: expect.stringContaining('step "slow"') },
    });
    expect(reasons).toMatchObject([{ name: 'TimeoutError' }, { name: 'TimeoutError' }]);
  });

  it('that failed for a handler that went on stay failed when the run is replayed', async () => {
    const child = defineWorkflow('child', {}, () => 'child');
    let bodies = 0;
    const seen: unknown[] = [];
    const workflow = defineWorkflow('catching', {}, async ({ step }) => {
      const outcome = await step
        .run('flaky', () => {
          if (++bodies > 1) return 'succeeds the second time';
          throw Object.assign(new RangeError('first time'), { code: 'E' });
        })
        .catch((error: Error & { code?: string }) => `${error.name}: ${error.message} ${error.code}`);
      seen.push(outcome);
      await step.runWorkflow('child', child, undefined);
      return outcome;
    });
    await engine.startWorker([workflow, child]);
    await expect((await engine.client.run(workflow, undefined)).result()).resolves.toBe('RangeError: first time E');
    expect(seen).toEqual(['RangeError: first time E', 'RangeError: first time E']);
    expect(bodies).toBe(1);
  });

  it('that failed are executed again by the next attempt of the run', async () => {
    let bodies = 0;
    const workflow = defineWorkflow('again', { retries: TWO_ATTEMPTS }, ({ step }) =>
      step.run('flaky', () => {
        if (++bodies === 1) throw new Error('no');
        return bodies;
      }),
    );
    await engine.startWorker([workflow]);
    await expect((await engine.client.run(workflow, undefined)).result()).resolves.toBe(2);
  });

  it('that are called within a step run as part of it', async () => {
    const workflow = defineWorkflow('nested', {}, ({ step }) =>
      step.run('outer', async () => {
        const inner = await step.run('inner', ({ attempt }) => attempt);
        return ['outer', inner, await step.run('inner', () => 'no duplicate')];
      }),
    );
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await expect(handle.result()).resolves.toEqual(['outer', 1, 'no duplicate']);
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([{ name: 'outer' }]);
  });

  it('run in parallel', async () => {
    const gate = new Gate();
    const names = ['a', 'b', 'c', 'd'];
    const workflow = defineWorkflow('parallel', {}, ({ step }) =>
      Promise.all(names.map((name) => step.run(name, () => gate.pass().then(() => name)))),
    );
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await gate.reached(names.length);
    gate.open();
    await expect(handle.result()).resolves.toEqual(names);
  });

  it('are told by their signal when the run has ended beside them', async () => {
    const reasons: unknown[] = [];
    const workflow = defineWorkflow('left', {}, ({ step }) =>
      Promise.all([
        step.run('slow', ({ signal }) => {
          return new Promise<void>((resolve) =>
            signal.addEventListener('abort', () => resolve(void reasons.push(signal.reason)), { once: true }),
          );
        }),
        step.run('failing', () => Promise.reject(new Error('no'))),
      ]),
    );
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await expect(failureOf(handle)).resolves.toMatchObject({ error: { message: 'no' } });
    await eventually(() => reasons.length === 1);
    await expect(handle.state()).resolves.toMatchObject({ status: 'failed' });
  });

  it('that nobody awaits do not end the process when they fail', async () => {
    const workflow = defineWorkflow('careless', {}, async ({ step }) => {
      void step.run('ignored', () => Promise.reject(new Error('nobody listens')));
      await step.run('awaited', () => 1);
      return 'fine';
    });
    await engine.startWorker([workflow]);
    await expect((await engine.client.run(workflow, undefined)).result()).resolves.toBe('fine');
  });

  it('whose result cannot be stored fail without being retried', async () => {
    let bodies = 0;
    const workflow = defineWorkflow('odd', { retries: TWO_ATTEMPTS }, ({ step }) =>
      step.run({ name: 'odd', retries: TWO_ATTEMPTS }, () => {
        bodies++;
        return { big: 1n };
      }),
    );
    await engine.startWorker([workflow]);
    await expect(failureOf(await engine.client.run(workflow, undefined))).resolves.toMatchObject({
      error: { kind: 'serialization', message: expect.stringContaining('step "odd"') },
    });
    expect(bodies).toBe(1);
  });

  it.each<[string, object | string, string]>([
    ['a name that is no text', { name: 7 }, 'step name'],
    ['a time-out of 0', { name: 's', timeoutMs: 0 }, 'step "s": timeoutMs'],
    ['no attempts', { name: 's', retries: { maxAttempts: 0 } }, 'step "s": retries.maxAttempts'],
    [
      'an unknown back-off',
      { name: 's', retries: { maxAttempts: 2, backoff: { type: 'linear' } } },
      'step "s": retries.backoff',
    ],
  ])('with %s are refused, and the error names it', async (_what, options, named) => {
    const workflow = defineWorkflow('wrong', {}, ({ step }) => step.run(options as never, () => 1));
    await engine.startWorker([workflow]);
    await expect(failureOf(await engine.client.run(workflow, undefined))).resolves.toMatchObject({
      error: { name: 'ConfigurationError', message: expect.stringContaining(named) },
    });
  });

  it('may be hundreds in one run', async () => {
    const workflow = defineWorkflow('many', { retries: TWO_ATTEMPTS }, async ({ step, run }) => {
      const values = await Promise.all(
        Array.from({ length: 300 }, (_, i) => step.run(`step-${i}`, () => i + run.attempt)),
      );
      if (run.attempt === 1) throw new Error('replay');
      return values.reduce((sum, value) => sum + value, 0);
    });
    await engine.startWorker([workflow]);
    await expect((await engine.client.run(workflow, undefined)).result()).resolves.toBe((300 * 299) / 2 + 300);
  });
});
