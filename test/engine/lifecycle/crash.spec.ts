import { useEngine } from '../engine.js';
import { chargingWorkflow } from './charging-workflow.js';
import { useWorkerProcesses } from './worker-process.js';

describe('SIGKILL of a worker', () => {
  const processes = useWorkerProcesses('charging-worker.ts');
  const engine = useEngine();
  const environment = (hang: string) => ({ REDFLOW_TEST_PREFIX: engine.redis.prefix, REDFLOW_TEST_HANG: hang });

  it.each([
    ['in its first step', 'charge', ['charge', 'ship']],
    ['after a completed step: that is not executed again', 'ship', ['ship']],
  ])('%s', async (_what, hang, executedAfterwards) => {
    const executed: string[] = [];
    const workflow = chargingWorkflow((step) => void executed.push(step));
    const victim = await processes.start(environment(hang));
    const handle = await engine.client.run(workflow, undefined);
    while ((await victim.message()) !== hang);
    await victim.kill();
    await expect(handle.state()).resolves.toMatchObject({ status: 'running', attempt: 1 });
    await engine.startWorker([workflow], { runtime: { leaseMs: 1_000, reaperIntervalMs: 50 } });
    await expect(handle.result()).resolves.toEqual({ attempt: 1 });
    expect(executed).toEqual(executedAfterwards);
    await expect(handle.state()).resolves.toMatchObject({ status: 'succeeded', attempt: 1 });
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([
      { name: 'charge', status: 'succeeded', attempts: 1 },
      { name: 'ship', status: 'succeeded', attempts: 1 },
    ]);
  });
});
