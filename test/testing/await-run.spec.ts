import {
  createClient,
  defineWorkflow,
  type Logger,
  RunNotFoundError,
  startWorker,
  WorkflowRegistry,
} from '@redflow/nestjs';
import { awaitRun, RunNotEndedError } from '@redflow/nestjs/testing';
import { useRedis } from '../support/redis.js';

const SILENT: Logger = { log() {}, warn() {}, error() {} };

describe('awaitRun', () => {
  const redis = useRedis();

  const sum = defineWorkflow('sum', {}, async ({ step }, { terms }: { terms: number[] }) => {
    if (terms.length === 0) throw new Error('nothing to add');
    return step.run('add', () => terms.reduce((one, other) => one + other));
  });

  async function withClient(body: (client: ReturnType<typeof createClient>) => Promise<void>, works = true) {
    const client = createClient(redis.options);
    const registry = new WorkflowRegistry().add(sum);
    const worker = works ? await startWorker({ ...redis.options, app: 'test', registry, logger: SILENT }) : undefined;
    try {
      await body(client);
    } finally {
      await worker?.stop();
      await client.close();
    }
  }

  it('gives state and steps of a run that succeeds', () =>
    withClient(async (client) => {
      const run = await awaitRun(client, await client.run(sum, { terms: [1, 2] }));
      expect(run).toMatchObject({
        status: 'succeeded',
        output: 3,
        steps: [{ name: 'add', status: 'succeeded', output: 3 }],
      });
    }));

  it('does not reject for a run that fails, found by its id', () =>
    withClient(async (client) => {
      const { id } = await client.run(sum, { terms: [] });
      expect(await awaitRun(client, id)).toMatchObject({
        id,
        status: 'failed',
        error: { message: 'nothing to add' },
        steps: [],
      });
    }));

  it('does not reject for a run that is canceled', () =>
    withClient(async (client) => {
      const handle = await client.run(sum, { terms: [1] });
      await handle.cancel({ reason: 'changed my mind' });
      expect(await awaitRun(client, handle)).toMatchObject({ status: 'canceled', cancelReason: 'changed my mind' });
    }, false));

  it('says after the time-out how far the run has come', () =>
    withClient(async (client) => {
      const handle = await client.run(sum, { terms: [1] });
      const error: unknown = await awaitRun(client, handle, { timeoutMs: 20 }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RunNotEndedError);
      expect(error).toMatchObject({ run: { id: handle.id, status: 'queued', steps: [] }, timeoutMs: 20 });
      expect((error as Error).message).toBe(
        `run ${handle.id} of workflow "sum" did not finish within 20 ms: it is queued, attempt 0 of 1; steps: none`,
      );
    }, false));

  it('rejects for a run that does not exist', () =>
    withClient(async (client) => {
      await expect(awaitRun(client, 'no-such-run')).rejects.toThrow(RunNotFoundError);
    }, false));
});
