import {
  defineWorkflow,
  NonRetriableError,
  RetryAfterError,
  type Backoff,
  type WorkflowContext,
} from '@redflow/nestjs';
import { z } from 'zod';
import { failureOf, redisNow, useEngine } from './engine.js';

const HOUR = 3_600_000;
const AT_ONCE = { type: 'fixed', delayMs: 0 } as const;

describe('retries of a run', () => {
  const engine = useEngine();
  let attempts: number[] = [];
  beforeEach(() => void (attempts = []));

  const failing = (retries: object, error: (attempt: number) => unknown = () => new Error('no')) =>
    defineWorkflow('failing', { retries }, (ctx: WorkflowContext) => {
      attempts.push(ctx.run.attempt);
      throw error(ctx.run.attempt);
    });

  it('do not happen by default', async () => {
    const workflow = failing({});
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await failureOf(handle);
    expect(attempts).toEqual([1]);
    await expect(handle.state()).resolves.toMatchObject({ status: 'failed', attempt: 1, maxAttempts: 1 });
  });

  it('happen until the attempts are used up; the run keeps the last error', async () => {
    const workflow = failing({ maxAttempts: 3, backoff: AT_ONCE }, (attempt) => new Error(`no ${attempt}`));
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await expect(failureOf(handle)).resolves.toMatchObject({ error: { message: 'no 3' } });
    expect(attempts).toEqual([1, 2, 3]);
    const state = await handle.state();
    expect(state).toMatchObject({ status: 'failed', attempt: 3, error: { message: 'no 3' }, runAt: undefined });
  });

  it('end with the first success', async () => {
    const workflow = defineWorkflow('flaky', { retries: { maxAttempts: 5, backoff: AT_ONCE } }, ({ run }) => {
      if (run.attempt < 3) throw new Error('not yet');
      return run.attempt;
    });
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await expect(handle.result()).resolves.toBe(3);
    await expect(handle.state()).resolves.toMatchObject({ status: 'succeeded', attempt: 3, runAt: undefined });
  });

  it('follow the attempts that the caller gave', async () => {
    const workflow = failing({ maxAttempts: 5, backoff: AT_ONCE });
    await engine.startWorker([workflow]);
    await failureOf(await engine.client.run(workflow, undefined, { maxAttempts: 2 }));
    expect(attempts).toEqual([1, 2]);
  });

  it('do not execute a completed step again', async () => {
    let bodies = 0;
    const workflow = defineWorkflow(
      'stepping',
      { retries: { maxAttempts: 3, backoff: AT_ONCE } },
      async ({ step, run }) => {
        const value = await step.run('once', () => ++bodies);
        if (run.attempt < 3) throw new Error('after the step');
        return value;
      },
    );
    await engine.startWorker([workflow]);
    await expect((await engine.client.run(workflow, undefined)).result()).resolves.toBe(1);
    expect(bodies).toBe(1);
  });

  describe('are planned', () => {
    /** How long after the failure of the first attempt the second is due, at most and at least. */
    async function delayOf(
      backoff: Backoff | undefined,
      error?: () => unknown,
    ): Promise<{ least: number; most: number }> {
      const workflow = failing({ maxAttempts: 2, backoff }, error);
      await engine.startWorker([workflow]);
      const before = await redisNow(engine.redis);
      const handle = await engine.client.run(workflow, undefined);
      const { runAt, error: stored } = await engine.untilStatus(handle, 'scheduled');
      const after = await redisNow(engine.redis);
      expect(stored).toBeDefined();
      return { least: (runAt as number) - after, most: (runAt as number) - before };
    }

    it('after a fixed time', async () => {
      const { least, most } = await delayOf({ type: 'fixed', delayMs: HOUR });
      expect(least).toBeLessThanOrEqual(HOUR);
      expect(most).toBeGreaterThanOrEqual(HOUR);
    });

    it('by a function of attempt and error, with a cap', async () => {
      const calls: unknown[] = [];
      const error = new Error('no');
      const delay = (...args: unknown[]) => calls.push(args) * 10 * HOUR;
      const { least, most } = await delayOf({ type: 'custom', delay, maxMs: 2 * HOUR }, () => error);
      expect(calls).toEqual([[1, error]]);
      expect(least).toBeLessThanOrEqual(2 * HOUR);
      expect(most).toBeGreaterThanOrEqual(2 * HOUR);
    });

    it('with full jitter below an exponential bound', async () => {
      const { least } = await delayOf({ type: 'exponential', delayMs: 100 * HOUR, maxMs: 200 * HOUR });
      expect(least).toBeLessThanOrEqual(100 * HOUR);
    });

    it('when RetryAfterError says', async () => {
      const { least, most } = await delayOf({ type: 'fixed', delayMs: 1 }, () => new RetryAfterError(HOUR));
      expect(least).toBeLessThanOrEqual(HOUR);
      expect(most).toBeGreaterThanOrEqual(HOUR);
    });

    it('by the default where the function of the user throws', async () => {
      const delay = () => {
        throw new Error('in the back-off');
      };
      const workflow = failing({ maxAttempts: 2, backoff: { type: 'custom', delay } });
      await engine.startWorker([workflow]);
      await expect(failureOf(await engine.client.run(workflow, undefined))).resolves.toMatchObject({
        error: { message: 'no' },
      });
      expect(attempts).toEqual([1, 2]);
    });
  });

  it('are refused a nonsensical time by RetryAfterError', () => {
    expect(() => new RetryAfterError(-1)).toThrow('delayMs');
    expect(() => new RetryAfterError(Number.NaN)).toThrow('delayMs');
  });

  it.each([
    ['NonRetriableError', 'non_retriable', () => new NonRetriableError('give up')],
    ['a subclass of it', 'non_retriable', () => new (class Declined extends NonRetriableError {})('card declined')],
  ])('never follow %s', async (_what, kind, error) => {
    const workflow = failing({ maxAttempts: 5, backoff: AT_ONCE }, error);
    await engine.startWorker([workflow]);
    await expect(failureOf(await engine.client.run(workflow, undefined))).resolves.toMatchObject({ error: { kind } });
    expect(attempts).toEqual([1]);
  });

  it.each<[string, { handler: () => unknown; kind: string; outputSchema?: z.ZodType }]>([
    ['an output that is no JSON', { handler: () => 1n, kind: 'serialization' }],
    ['an output with a cycle', { handler: cycle, kind: 'serialization' }],
    [
      'an output that the output schema refuses',
      { handler: () => 'text', kind: 'validation', outputSchema: z.number() },
    ],
  ])('never follow %s', async (_what, { handler, kind, outputSchema }) => {
    const workflow = defineWorkflow('odd', { retries: { maxAttempts: 5, backoff: AT_ONCE }, outputSchema }, () => {
      attempts.push(1);
      return handler();
    });
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await expect(failureOf(handle)).resolves.toMatchObject({ error: { kind } });
    expect(attempts).toEqual([1]);
  });

  it('never follow an input that is not valid; the handler does not run', async () => {
    const workflow = defineWorkflow(
      'typed',
      { retries: { maxAttempts: 5 }, schema: z.object({ n: z.number() }) },
      () => {
        attempts.push(1);
      },
    );
    await engine.startWorker([workflow]);
    const handle = await engine.client.runByName('typed', { n: 'text' });
    const error = await failureOf(handle);
    expect(error).toMatchObject({ error: { kind: 'validation', message: expect.stringContaining('n: ') } });
    expect(attempts).toEqual([]);
    await expect(handle.state()).resolves.toMatchObject({ status: 'failed', attempt: 1 });
  });

  it('follow a time-out of the run, whose signal aborts', async () => {
    const reasons: unknown[] = [];
    const workflow = defineWorkflow(
      'slow',
      { timeoutMs: 30, retries: { maxAttempts: 2, backoff: AT_ONCE } },
      ({ signal }) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason), { once: true });
        return new Promise(() => undefined);
      },
    );
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await expect(failureOf(handle)).resolves.toMatchObject({ error: { name: 'TimeoutError', kind: 'timeout' } });
    await expect(handle.state()).resolves.toMatchObject({ attempt: 2 });
    expect(reasons).toMatchObject([{ name: 'TimeoutError' }, { name: 'TimeoutError' }]);
  });

  it('are left to another worker where this one is gone', async () => {
    const workflow = failing({ maxAttempts: 2, backoff: { type: 'fixed', delayMs: 100 } });
    const first = await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await engine.untilStatus(handle, 'scheduled');
    await first.stop();
    await engine.startWorker([workflow]);
    await failureOf(handle);
    expect(attempts).toEqual([1, 2]);
  });
});

function cycle(): unknown {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}
