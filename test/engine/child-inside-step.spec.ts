import { createClient, defineWorkflow, startWorker, WorkflowRegistry } from '@redflow/nestjs';
import { useRedis } from '../support/redis.js';

describe('step.runWorkflow inside another step', () => {
  const redis = useRedis();

  it('fails the run with the name of the step, instead of waiting for ever', async () => {
    const child = defineWorkflow('child', {}, () => 'done');
    const parent = defineWorkflow('parent', { retries: { maxAttempts: 3 } }, ({ step }) =>
      step.run('outer', () => step.runWorkflow('inner', child, undefined)),
    );
    const registry = new WorkflowRegistry().add(child).add(parent);
    const worker = await startWorker({ app: 'test', registry, serverChecks: false, ...redis.options });
    const client = createClient(redis.options);
    try {
      const handle = await client.run(parent, undefined);
      await expect(handle.result()).rejects.toMatchObject({
        error: { kind: 'non_retriable', message: 'step "inner": runWorkflow cannot be called inside another step' },
      });
      await expect(handle.state()).resolves.toMatchObject({ status: 'failed', attempt: 1 });
      await expect(client.listRuns({ workflow: 'child' })).resolves.toEqual({ runs: [] });
    } finally {
      await worker.stop();
      await client.close();
    }
  });
});
