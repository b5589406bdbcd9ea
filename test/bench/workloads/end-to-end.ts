import { COSTS, commandsPerRun, costs, perSecond, RATE, type Workload } from '../workload.js';

const COUNT = 20_000;
const WARM_UP = 2_000;
const CONCURRENCY = 50;

export const END_TO_END: Workload = {
  name: 'end-to-end',
  title: `${COUNT} no-op runs enqueued one by one (100 in flight) while a worker executes them, concurrency ${CONCURRENCY}`,
  main: true,
  metrics: [RATE, ...COSTS],
  measure: async (lab) => {
    const producer = await lab.producer();
    const worker = await lab.worker();
    const through = async (queue: string, count: number): Promise<number> => {
      await worker.call('startWorker', { queue, concurrency: CONCURRENCY });
      const { startedAt } = await producer.call('enqueue', { queue, count });
      return (await lab.whenFinished({ queue, count }, [worker], producer)) - startedAt;
    };
    await through('warm-up', WARM_UP);
    await worker.call('stopWorker');
    const { use, result: ms } = await lab.using(() => through('measured', COUNT));
    await worker.call('stopWorker');
    const nodeCpuUs = use.childCpuUs.reduce((a, b) => a + b, 0);
    return {
      values: { rate: perSecond(COUNT, ms), ...costs(use, nodeCpuUs, COUNT) },
      foreignPercent: use.foreignPercent,
      commands: commandsPerRun(use, COUNT),
    };
  },
};
