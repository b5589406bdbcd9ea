import { COSTS, commandsPerRun, costs, perSecond, RATE, type Workload } from '../workload.js';

const COUNT = 20_000;
const WARM_UP = 2_000;
const BULK = 1_000;

function enqueueWorkload(name: string, title: string, bulk: number): Workload {
  return {
    name,
    title,
    main: false,
    metrics: [RATE, ...COSTS],
    measure: async (lab) => {
      const producer = await lab.producer();
      await producer.call('enqueue', { queue: 'warm-up', count: WARM_UP, bulk });
      const { use, result } = await lab.using(() =>
        producer.call('enqueue', { queue: 'measured', count: COUNT, bulk }),
      );
      const values = {
        rate: perSecond(COUNT, result.endedAt - result.startedAt),
        ...costs(use, use.childCpuUs[0] ?? 0, COUNT),
      };
      return { values, foreignPercent: use.foreignPercent, commands: commandsPerRun(use, COUNT) };
    },
  };
}

export const ENQUEUE: readonly Workload[] = [
  enqueueWorkload('enqueue', `enqueue ${COUNT} runs one by one, 100 calls in flight`, 0),
  enqueueWorkload('enqueue-bulk', `enqueue ${COUNT} runs, ${BULK} per call`, BULK),
];
