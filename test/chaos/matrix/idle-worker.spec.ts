import { useEngine } from '../../engine/engine.js';
import { eventually } from '../../support/eventually.js';
import { useWorkerProcesses, type WorkerProcess } from './support/worker-process.js';
import { workflowsOf } from './support/workflows.js';

describe('a worker that stands by', () => {
  const startProcess = useWorkerProcesses();
  const engine = useEngine();

  const QUICK = { steps: 1, stepMs: 1 };
  const start = () => engine.client.run('steady', QUICK);
  const standing = () => engine.redis.commands.exists(engine.key('q:default:standby'));

  async function startIdle(leaseMs: number): Promise<WorkerProcess> {
    const { url: connection, prefix } = engine.redis;
    const worker = await startProcess({ connection, prefix, workflows: ['steady'], leaseMs });
    await eventually(async () => {
      await (await start()).result();
      return standing();
    });
    return worker;
  }

  it('is handed nothing once it was killed', async () => {
    // A lease so long that a run which was handed over would be missed.
    const dead = await startIdle(60_000);
    await dead.kill();
    await expect(standing()).resolves.toBe(1);
    const handle = await start();
    await expect(handle.state()).resolves.toMatchObject({ status: 'queued' });
    await engine.startWorker(workflowsOf(['steady']));
    await expect(handle.result()).resolves.toBe(1);
  });

  it('does not begin, once thawed, what it was handed while it was frozen', async () => {
    const frozen = await startIdle(600);
    const begun = frozen.heard('body').length;
    frozen.signal('SIGSTOP');
    const handle = await start();
    await engine.untilStatus(handle, 'running');
    const successor = await engine.startWorker(workflowsOf(['steady']), {
      runtime: { leaseMs: 600, reaperIntervalMs: 50 },
    });
    await expect(handle.result()).resolves.toBe(1);
    await successor.stop();
    frozen.signal('SIGCONT');
    const next = await start();
    await expect(next.result()).resolves.toBe(1);
    const bodies = frozen.heard('body').slice(begun);
    expect(bodies.map(({ run }) => run)).toEqual([next.id]);
  });
});
