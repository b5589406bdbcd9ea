import { defineWorkflow, RetryAfterError } from '@redflow/nestjs';
import { useEngine } from './engine.js';

describe('a handler that has come to its end while a child is still awaited', () => {
  const engine = useEngine();
  // Nobody serves this queue: its runs never start.
  const never = defineWorkflow('never', { queue: 'unserved' }, () => 1);
  const quick = defineWorkflow('quick', { queue: 'work', maxConcurrency: 10 }, () => 'quick');
  const start = (workflow: Parameters<typeof engine.startWorker>[0][number]) =>
    engine.startWorker([never, quick, workflow], { queues: ['work'] });

  it('succeeds, where the first of two children is enough', async () => {
    const race = defineWorkflow('race', { queue: 'work' }, ({ step }) =>
      Promise.race([step.runWorkflow('never', never, null), step.runWorkflow('quick', quick, null)]),
    );
    await start(race);
    const handle = await engine.client.run(race, null);
    await expect(handle.result({ timeoutMs: 10_000 })).resolves.toBe('quick');
  });

  it('fails, is retried and compensates, where a step beside the child has failed', async () => {
    const compensated: string[] = [];
    const broken = defineWorkflow(
      'broken',
      { queue: 'work', retries: { maxAttempts: 2 }, onFailure: ({ error }) => compensated.push(error.message) },
      ({ step, run }) =>
        Promise.all([
          step.runWorkflow('never', never, null),
          step.run(`charge:${run.attempt}`, () => {
            throw new RetryAfterError(1, `attempt ${run.attempt} was declined`);
          }),
        ]),
    );
    await start(broken);
    const handle = await engine.client.run(broken, null);
    await expect(handle.result({ timeoutMs: 10_000 })).rejects.toThrow('attempt 2 was declined');
    expect(compensated).toEqual(['attempt 2 was declined']);
  });

  it('succeeds, where it does not await the child at all', async () => {
    const careless = defineWorkflow('careless', { queue: 'work' }, async ({ step }) => {
      void step.runWorkflow('never', never, null);
      await step.run('done', () => true);
      return 'done';
    });
    await start(careless);
    const handle = await engine.client.run(careless, null);
    await expect(handle.result({ timeoutMs: 10_000 })).resolves.toBe('done');
  });
});
