import { defineWorkflow, RunCanceledError, type WorkflowContext } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { failureOf, useEngine } from './engine.js';
import { Gate } from './gate.js';

/** Waits for the signal, and gives its reason. */
const aborted = ({ signal }: WorkflowContext): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });

describe('cancellation', () => {
  const engine = useEngine();
  let executed = 0;
  const counted = defineWorkflow('counted', {}, () => ++executed);
  beforeEach(() => void (executed = 0));

  it.each([
    ['queued', {}],
    ['scheduled', { delayMs: 3_600_000 }],
  ])('ends a %s run at once, and it never executes', async (status, options) => {
    const handle = await engine.client.run(counted, undefined, options);
    await expect(handle.state()).resolves.toMatchObject({ status });
    await expect(handle.cancel({ reason: 'changed my mind' })).resolves.toBe(true);
    const state = await handle.state();
    expect(state).toMatchObject({ status: 'canceled', cancelReason: 'changed my mind', attempt: 0, runAt: undefined });
    expect(state.cancelRequestedAt).toBeGreaterThanOrEqual(state.createdAt);
    expect(state.finishedAt).toBeGreaterThanOrEqual(state.createdAt);
    await engine.startWorker([counted]);
    await (await engine.client.run(counted, undefined)).result();
    expect(executed).toBe(1);
    await expect(engine.redis.commands.zcard(engine.key('scheduled'))).resolves.toBe(0);
  });

  it('ends a run that waits for another attempt', async () => {
    const failing = defineWorkflow(
      'failing',
      { retries: { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 3_600_000 } } },
      () => {
        executed++;
        throw new Error('first');
      },
    );
    await engine.startWorker([failing]);
    const handle = await engine.client.run(failing, undefined);
    await engine.untilStatus(handle, 'scheduled');
    await handle.cancel();
    await expect(handle.state()).resolves.toMatchObject({ status: 'canceled', attempt: 1, runAt: undefined });
    expect(executed).toBe(1);
  });

  it('aborts the signal of a running handler; the run settles as canceled even where the handler returns', async () => {
    const reasons: unknown[] = [];
    const patient = defineWorkflow('patient', {}, async (ctx) => {
      executed++;
      reasons.push(await aborted(ctx));
      return 'done all the same';
    });
    await engine.startWorker([patient]);
    const handle = await engine.client.run(patient, undefined);
    await eventually(() => executed === 1);
    await expect(handle.cancel({ reason: 'enough' })).resolves.toBe(true);
    await expect(failureOf(handle)).resolves.toMatchObject({ name: 'RunCanceledError', reason: 'enough' });
    expect(reasons).toEqual([expect.any(RunCanceledError)]);
    await expect(handle.state()).resolves.toMatchObject({ status: 'canceled', output: undefined, error: undefined });
  });

  it.each([
    ['rethrows the reason', (reason: unknown) => reason],
    ['throws an error of its own', () => new Error('interrupted')],
  ])('is not a failure where the handler %s: no retry, no onFailure', async (_what, toError) => {
    const onFailure = () => void executed++;
    const options = { retries: { maxAttempts: 3 }, onFailure };
    const strict = defineWorkflow('strict', options, async (ctx) => {
      executed++;
      throw toError(await aborted(ctx));
    });
    await engine.startWorker([strict]);
    const handle = await engine.client.run(strict, undefined);
    await eventually(() => executed === 1);
    await handle.cancel();
    await engine.untilStatus(handle, 'canceled');
    expect(executed).toBe(1);
  });

  it('aborts the signal of a step, and the next step does not begin', async () => {
    const began: string[] = [];
    const stepping = defineWorkflow('stepping', {}, async ({ step }) => {
      await step.run('first', ({ signal }) => {
        began.push('first');
        return new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      });
      await step.run('second', () => began.push('second'));
    });
    await engine.startWorker([stepping]);
    const handle = await engine.client.run(stepping, undefined);
    await eventually(() => began.length === 1);
    await handle.cancel();
    await engine.untilStatus(handle, 'canceled');
    expect(began).toEqual(['first']);
  });

  it('ends the pause between two attempts of a step', async () => {
    let attempts = 0;
    const backoff = { type: 'fixed', delayMs: 3_600_000 } as const;
    const pausing = defineWorkflow('pausing', {}, ({ step }) =>
      step.run({ name: 'flaky', retries: { maxAttempts: 2, backoff } }, () => {
        attempts++;
        throw new Error('again');
      }),
    );
    await engine.startWorker([pausing]);
    const handle = await engine.client.run(pausing, undefined);
    await eventually(() => attempts === 1);
    await handle.cancel();
    await engine.untilStatus(handle, 'canceled');
    expect(attempts).toBe(1);
  });

  it.each([
    ['succeeded', () => 1],
    [
      'failed',
      () => {
        throw new Error('no');
      },
    ],
  ])('leaves a %s run unchanged', async (status, handler) => {
    const workflow = defineWorkflow('ended', {}, handler);
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    const before = await eventually(async () => {
      const state = await handle.state();
      return state.finishedAt === undefined ? undefined : state;
    });
    await expect(engine.client.cancelRun(handle.id, { reason: 'late' })).resolves.toBe(false);
    await expect(handle.state()).resolves.toEqual(before);
    expect(before.status).toBe(status);
  });

  it('changes nothing the second time, nor for a run that does not exist', async () => {
    const handle = await engine.client.run(counted, undefined);
    await expect(handle.cancel({ reason: 'first' })).resolves.toBe(true);
    await expect(handle.cancel({ reason: 'second' })).resolves.toBe(false);
    await expect(handle.state()).resolves.toMatchObject({ cancelReason: 'first' });
    await expect(engine.client.cancelRun('nowhere')).resolves.toBe(false);
  });

  describe('of a parent', () => {
    let gate = new Gate();
    beforeEach(() => void (gate = new Gate()));
    afterEach(() => gate.open());
    const leaf = defineWorkflow('leaf', { maxConcurrency: 5 }, (ctx) => Promise.race([aborted(ctx), gate.pass()]));
    const middle = defineWorkflow('middle', { queue: 'middle' }, ({ step }) =>
      step.runWorkflow('leaf', leaf, undefined),
    );
    const root = defineWorkflow('root', {}, ({ step }) => step.runWorkflow('middle', middle, undefined));

    async function family() {
      await engine.startWorker([leaf, middle, root]);
      const handle = await engine.client.run(root, undefined);
      const leafRun = await eventually(
        async () => (await engine.client.listRuns({ workflow: 'leaf', status: 'running' })).runs[0],
      );
      const middleRun = (await engine.client.listRuns({ workflow: 'middle' })).runs[0];
      await engine.untilStatus(handle, 'waiting');
      return { handle, middleRun: middleRun as { id: string }, leafRun };
    }

    it('cancels the children that it waits for, and theirs', async () => {
      const { handle, middleRun, leafRun } = await family();
      await handle.cancel({ reason: 'all of it' });
      await expect(handle.state()).resolves.toMatchObject({ status: 'canceled' });
      await expect(engine.state(middleRun)).resolves.toMatchObject({
        status: 'canceled',
        cancelReason: 'the parent run was canceled',
      });
      await engine.untilStatus(leafRun, 'canceled');
    });

    it('leaves the children alone where it is told so', async () => {
      const { handle, middleRun, leafRun } = await family();
      await engine.client.cancelRun(handle.id, { cancelChildren: false });
      await expect(handle.state()).resolves.toMatchObject({ status: 'canceled' });
      await expect(engine.state(middleRun)).resolves.toMatchObject({ status: 'waiting', cancelRequestedAt: undefined });
      await expect(engine.state(leafRun)).resolves.toMatchObject({ status: 'running', cancelRequestedAt: undefined });
    });

    it('cancels children of a running parent once that has settled', async () => {
      const children = defineWorkflow('children', {}, ({ step }) =>
        Promise.all([
          step.runWorkflow('leaf', leaf, undefined),
          step.run(
            'busy',
            ({ signal }) =>
              new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
          ),
        ]),
      );
      await engine.startWorker([leaf, children]);
      const handle = await engine.client.run(children, undefined);
      const child = await eventually(
        async () => (await engine.client.listRuns({ workflow: 'leaf', status: 'running' })).runs[0],
      );
      await expect(handle.state()).resolves.toMatchObject({ status: 'running' });
      await handle.cancel();
      await engine.untilStatus(handle, 'canceled');
      await engine.untilStatus(child, 'canceled');
    });

    it('leaves emitted runs alone', async () => {
      const emitter = defineWorkflow('emitter', {}, async (ctx) => {
        const id = await ctx.step.emitWorkflow('leaf', leaf, undefined);
        await ctx.step.runWorkflow('middle', middle, undefined);
        return id;
      });
      await engine.startWorker([leaf, emitter]);
      const handle = await engine.client.run(emitter, undefined);
      await engine.untilStatus(handle, 'waiting');
      await handle.cancel();
      const [emitted] = (await engine.client.listRuns({ workflow: 'leaf' })).runs;
      expect(emitted).toMatchObject({ cancelRequestedAt: undefined, parentRunId: handle.id });
    });
  });
});
