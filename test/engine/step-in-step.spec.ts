import { defineWorkflow } from '@redflow/nestjs';
import { useEngine } from './engine.js';

describe('a step within a step', () => {
  const engine = useEngine();
  const note = defineWorkflow('note', { queue: 'unserved' }, () => 1);

  it('emits a workflow once over the attempts of the outer step', async () => {
    const emitted: string[] = [];
    const outer = defineWorkflow('outer', { queue: 'work' }, ({ step }) =>
      step.run(
        { name: 'flaky', retries: { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 1 } } },
        async ({ attempt }) => {
          emitted.push(await step.emitWorkflow('note', note, null));
          if (attempt < 3) throw new Error(`attempt ${attempt}`);
          return attempt;
        },
      ),
    );
    await engine.startWorker([note, outer], { queues: ['work'] });
    await expect((await engine.client.run(outer, null)).result({ timeoutMs: 10_000 })).resolves.toBe(3);
    expect(emitted).toHaveLength(3);
    expect(new Set(emitted).size).toBe(1);
  });

  it('gives what comes back from storage, as the outer one does', async () => {
    const outer = defineWorkflow('outer', { queue: 'work' }, ({ step }) =>
      step.run('outer', async () => typeof (await step.run('inner', () => new Date(0)))),
    );
    await engine.startWorker([outer]);
    await expect((await engine.client.run(outer, null)).result({ timeoutMs: 10_000 })).resolves.toBe('string');
  });

  it('tells a wrong name by a rejection, not by a throw', async () => {
    const wrong = defineWorkflow('wrong', { queue: 'work' }, ({ step }) =>
      step.run(5 as unknown as string, () => 1).catch((error: Error) => error.message),
    );
    await engine.startWorker([wrong]);
    await expect((await engine.client.run(wrong, null)).result({ timeoutMs: 10_000 })).resolves.toMatch(/step name/);
  });
});
