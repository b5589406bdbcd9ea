import { defineWorkflow, NonRetriableError, type WorkflowFailure } from '@redflow/nestjs';
import { z } from 'zod';
import { failureOf, useEngine } from './engine.js';

const AT_ONCE = { type: 'fixed', delayMs: 0 } as const;

describe('onFailure', () => {
  const engine = useEngine();
  let failures: WorkflowFailure[] = [];
  let attempts = 0;
  beforeEach(() => {
    failures = [];
    attempts = 0;
  });
  const onFailure = (failure: WorkflowFailure) => void failures.push(failure);

  it('runs once, after the last attempt, with error, input and run', async () => {
    const workflow = defineWorkflow(
      'failing',
      { retries: { maxAttempts: 3, backoff: AT_ONCE }, onFailure },
      (_ctx, _input: unknown) => {
        attempts++;
        expect(failures).toEqual([]);
        throw new RangeError(`no ${attempts}`);
      },
    );
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, { order: 7 });
    await expect(failureOf(handle)).resolves.toMatchObject({ error: { message: 'no 3' } });
    expect(attempts).toBe(3);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({
      error: { name: 'RangeError', message: 'no 3', kind: 'error' },
      input: { order: 7 },
      run: { id: handle.id, workflow: 'failing', attempt: 3, maxAttempts: 3 },
    });
  });

  it('is done before the run counts as failed', async () => {
    let status = '';
    const look = async (failure: WorkflowFailure) => void ({ status } = await engine.state(failure.run));
    const workflow = defineWorkflow('failing', { onFailure: look }, () => {
      throw new Error('no');
    });
    await engine.startWorker([workflow]);
    await failureOf(await engine.client.run(workflow, undefined));
    expect(status).toBe('running');
  });

  it('runs at once for an error that is not retried', async () => {
    const workflow = defineWorkflow('declined', { retries: { maxAttempts: 5 }, onFailure }, () => {
      attempts++;
      throw new NonRetriableError('declined');
    });
    await engine.startWorker([workflow]);
    await failureOf(await engine.client.run(workflow, undefined));
    expect([attempts, failures.length]).toEqual([1, 1]);
  });

  it('runs for an input that the schema refuses, and gets it as it is', async () => {
    const schema = z.object({ n: z.number() });
    const workflow = defineWorkflow('typed', { schema, onFailure }, () => ++attempts);
    await engine.startWorker([workflow]);
    await failureOf(await engine.client.runByName('typed', { n: 'text' }));
    expect(failures).toMatchObject([{ input: { n: 'text' }, error: { kind: 'validation' } }]);
    expect(attempts).toBe(0);
  });

  it('runs for a time-out of the run, with a signal that is not aborted', async () => {
    let aborted: boolean | undefined;
    const late = ({ signal }: WorkflowFailure) => void (aborted = signal.aborted);
    const workflow = defineWorkflow('slow', { timeoutMs: 20, onFailure: late }, () => new Promise(() => undefined));
    await engine.startWorker([workflow]);
    await expect(failureOf(await engine.client.run(workflow, undefined))).resolves.toMatchObject({
      error: { kind: 'timeout' },
    });
    expect(aborted).toBe(false);
  });

  it('runs for an output that cannot be stored', async () => {
    const workflow = defineWorkflow('odd', { onFailure }, () => 1n);
    await engine.startWorker([workflow]);
    await failureOf(await engine.client.run(workflow, undefined));
    expect(failures).toMatchObject([{ error: { kind: 'serialization' } }]);
  });

  it('may fail: that is logged, and changes nothing', async () => {
    const broken = () => {
      throw new Error('cannot compensate');
    };
    const workflow = defineWorkflow('failing', { onFailure: broken }, () => {
      throw new Error('first');
    });
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await expect(failureOf(handle)).resolves.toMatchObject({ error: { message: 'first' } });
    await expect(handle.state()).resolves.toMatchObject({ status: 'failed', attempt: 1, error: { message: 'first' } });
    expect(engine.log.filter((line) => line.includes('cannot compensate'))).toEqual([
      expect.stringMatching(`error: .*${handle.id}`),
    ]);
  });

  it('has durable steps, apart from those of the handler only by name', async () => {
    const outputs: unknown[] = [];
    const undo = async ({ step }: WorkflowFailure) => {
      outputs.push(await step.run('charge', () => 'not executed again'));
      outputs.push(await step.run('refund', () => 'refunded'));
    };
    const workflow = defineWorkflow('order', { onFailure: undo }, async ({ step }) => {
      await step.run('charge', () => 'charged');
      throw new Error('no stock');
    });
    await engine.startWorker([workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await failureOf(handle);
    expect(outputs).toEqual(['charged', 'refunded']);
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([
      { name: 'charge', seq: 1 },
      { name: 'refund', seq: 2 },
    ]);
  });

  it('may wait for a child', async () => {
    const child = defineWorkflow('child', {}, () => 'undone');
    const outputs: unknown[] = [];
    const undo = async ({ step }: WorkflowFailure) =>
      void outputs.push(await step.runWorkflow('undo', child, undefined));
    const workflow = defineWorkflow('parent', { onFailure: undo }, () => {
      attempts++;
      throw new Error('no');
    });
    await engine.startWorker([workflow, child], { concurrency: 1 });
    await expect(failureOf(await engine.client.run(workflow, undefined))).resolves.toMatchObject({
      error: { message: 'no' },
    });
    expect(outputs).toEqual(['undone']);
    expect(attempts).toBe(1);
  });

  it('still runs, without another attempt, where the worker was lost after the failure', async () => {
    const workflow = defineWorkflow('failing', { onFailure }, () => {
      attempts++;
      throw new Error('no');
    });
    const store = engine.newStore();
    const failure = store.holdReply('work.recordFailure');
    const worker = await engine.startWorkerOn(store, [workflow]);
    const handle = await engine.client.run(workflow, undefined);
    await failure.reached;
    await worker.stop();
    expect(failures).toEqual([]);
    await engine.startWorker([workflow]);
    await expect(failureOf(handle)).resolves.toMatchObject({ error: { message: 'no' } });
    expect([attempts, failures.length]).toEqual([1, 1]);
    await expect(handle.state()).resolves.toMatchObject({ attempt: 1 });
    failure.release();
  });

  it('does not run for a run that succeeds', async () => {
    const workflow = defineWorkflow('fine', { onFailure }, () => 1);
    await engine.startWorker([workflow]);
    await (await engine.client.run(workflow, undefined)).result();
    expect(failures).toEqual([]);
  });
});
