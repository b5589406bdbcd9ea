import { commandsPerRun, COSTS, costs, perSecond, RATE, type Workload } from '../workload.js';
import { idleCosts, idleUse } from './idle.js';

const COUNT = 20_000;
const WARM_UP = 5_000;
const BULK = 1_000;
// Connections and registrations of a thousand queues come to rest.
const SETTLE_MS = 5_000;

function queuesWorkload(queues: number): Workload {
  return {
    name: `queues-${queues}`,
    title: `${queues} queues in one worker process: ${COUNT} no-op runs sent in bulk, spread evenly, ${queues} at once; then idle`,
    main: false,
    maxRounds: 3,
    note:
      'BullMQ: a Worker per queue, of concurrency 1, as it has none for several. redflow: one worker, of concurrency ' +
      `${queues}. From the first run sent to the idle worker until the last has ended; Node CPU is the worker's`,
    metrics: [
      RATE,
      ...COSTS,
      { name: 'commands@idle', unit: 'idle: commands/s', better: 'less' },
      { name: 'redisCpu@idle', unit: 'idle: ms Redis CPU/s', better: 'less' },
      { name: 'nodeCpu@idle', unit: 'idle: ms Node CPU/s', better: 'less' },
    ],
    measure: async (lab) => {
      const [producer, worker] = [await lab.producer(), await lab.worker()];
      const sent = { queue: 'measured', queues };
      await worker.call('startWorker', { ...sent, concurrency: 1 });
      const through = async (count: number, total: number): Promise<number> => {
        const { startedAt } = await producer.call('enqueue', { ...sent, count, bulk: BULK });
        return (await lab.whenFinished({ ...sent, count: total }, [worker], producer)) - startedAt;
      };
      await through(WARM_UP, WARM_UP);
      const { use, result: ms } = await lab.using(() => through(COUNT, WARM_UP + COUNT));
      const idle = await idleUse(lab, SETTLE_MS);
      const { commands, redisCpu, nodeCpu } = idleCosts(idle, idle.childCpuUs[1] ?? 0);
      await worker.call('stopWorker');
      return {
        values: {
          rate: perSecond(COUNT, ms),
          ...costs(use, use.childCpuUs[1] ?? 0, COUNT),
          'commands@idle': commands,
          'redisCpu@idle': redisCpu,
          'nodeCpu@idle': nodeCpu,
        },
        foreignPercent: use.foreignPercent,
        commands: commandsPerRun(use, COUNT),
      };
    },
  };
}

export const QUEUES: readonly Workload[] = [queuesWorkload(100), queuesWorkload(1_000)];
