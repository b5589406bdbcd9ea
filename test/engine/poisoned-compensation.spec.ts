import { defineWorkflow } from '@redflow/nestjs';
import { useEngine } from './engine.js';

describe('a run that was recovered too often', () => {
  const engine = useEngine();

  it('fails with recovery_limit, after its failure handler has had its turn, once', async () => {
    const happened: string[] = [];
    const pill = defineWorkflow(
      'pill',
      { queue: 'work', onFailure: ({ error }) => void happened.push(`compensated ${error.kind}`) },
      () => void happened.push('executed'),
    );
    const lost = await engine.client.run(pill, null);
    const claim = { workerId: 'dead', token: 'dead', queues: ['work'], limit: 1, leaseMs: 100 };
    await expect(engine.newStore().work.claim(claim)).resolves.toMatchObject({ runs: [{ id: lost.id }] });
    await engine.startWorker([pill], { runtime: { leaseMs: 300, reaperIntervalMs: 50, maxRecoveries: 0 } });
    const failed = await engine.untilStatus(lost, 'failed');
    expect(failed.error).toMatchObject({ kind: 'recovery_limit' });
    expect(happened).toEqual(['compensated recovery_limit']);
  });
});
