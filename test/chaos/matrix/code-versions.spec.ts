import { defineWorkflow } from '@redflow/nestjs';
import { useEngine } from '../../engine/engine.js';
import { Gate } from '../../engine/gate.js';

// Row 35. That unknown workflows are left to workers that know them: test/engine/unknown-workflow.spec.ts.
describe('two versions of the code', () => {
  const engine = useEngine();
  const bodies: string[] = [];
  const body = (name: string) => () => {
    bodies.push(name);
    return name;
  };
  beforeEach(() => void (bodies.length = 0));

  /** Runs the old version up to the gate, and the new one from there on. */
  async function handOver(
    old: Parameters<typeof defineWorkflow>[2],
    current: Parameters<typeof defineWorkflow>[2],
    gate: Gate,
  ): Promise<unknown> {
    const before = await engine.startWorker([defineWorkflow('deployed', {}, old)], { drainTimeoutMs: 0 });
    const handle = await engine.client.runByName('deployed', undefined);
    await gate.reached();
    await before.stop();
    await engine.startWorker([defineWorkflow('deployed', {}, current)]);
    return handle.result({ timeoutMs: 10_000 });
  }

  it('may order steps anew: what was done is not done again', async () => {
    const gate = new Gate();
    const output = await handOver(
      async ({ step }) => {
        await step.run('charge', body('charge'));
        await step.run('reserve', body('reserve'));
        await gate.pass();
      },
      async ({ step }) => [
        await step.run('check', body('check')),
        await step.run('reserve', body('reserve again')),
        await step.run('charge', body('charge again')),
      ],
      gate,
    );
    expect(output).toEqual(['check', 'reserve', 'charge']);
    expect(bodies).toEqual(['charge', 'reserve', 'check']);
  });

  it('that name a step otherwise make it another step, which is executed', async () => {
    const gate = new Gate();
    await handOver(
      async ({ step }) => {
        await step.run('charge', body('charge'));
        await gate.pass();
      },
      ({ step }) => step.run('capture', body('capture')),
      gate,
    );
    expect(bodies).toEqual(['charge', 'capture']);
  });

  it('that give a step of another kind the name of one that is stored are told so', async () => {
    const gate = new Gate();
    const child = defineWorkflow('child', {}, body('child'));
    const output = handOver(
      async ({ step }) => {
        await step.run('label', body('label'));
        await gate.pass();
      },
      ({ step }) => step.runWorkflow('label', child, undefined),
      gate,
    );
    await expect(output).rejects.toMatchObject({
      error: {
        kind: 'non_retriable',
        message: 'step "label" was stored by step.run, and is now called by step.runWorkflow: give it another name',
      },
    });
    expect(bodies).toEqual(['label']);
  });

  it('share a queue: each new workflow is executed by those that know it, each old one by any', async () => {
    const shared = (version: string) =>
      defineWorkflow('shared', { queue: 'q', maxConcurrency: 5 }, body(`shared ${version}`));
    const added = defineWorkflow('added', { queue: 'q', maxConcurrency: 5 }, body('added by v2'));
    await engine.startWorker([shared('v1')]);
    await engine.startWorker([shared('v2'), added]);
    const handles = await engine.client.runMany(
      Array.from({ length: 20 }, (_, i) => ({ workflow: i % 2 ? 'shared' : 'added', input: i })),
    );
    await Promise.all(handles.map((handle) => handle.result({ timeoutMs: 10_000 })));
    expect(bodies.filter((name) => name === 'added by v2')).toHaveLength(10);
    expect(bodies).toHaveLength(20);
  });
});
