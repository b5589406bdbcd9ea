import { commandsPerRun, costs, costsPer, perSecond, type Workload } from '../workload.js';

const CONCURRENCY = 50;
const BULK = 1_000;

function childrenWorkload(children: number, parents: number, main: boolean): Workload {
  const count = parents * children;
  return {
    name: `children-${children}`,
    title: `${parents} parents that each await ${children} no-op children, one worker for both, concurrency ${CONCURRENCY}`,
    main,
    note:
      'from the first parent sent until the last has ended. BullMQ: FlowProducer, which stores the children with their ' +
      'parent, and a parent that calls getChildrenValues(). redflow: step.runWorkflow in parallel, which a running parent may decide on',
    metrics: [
      { name: 'rate', unit: 'children/s', better: 'more' },
      { name: 'allDone', unit: 'ms until all parents have ended', better: 'less' },
      ...costsPer('child'),
    ],
    measure: async (lab) => {
      const [producer, worker] = [await lab.producer(), await lab.worker()];
      const through = async (queue: string, parents: number): Promise<number> => {
        await worker.call('startWorker', { queue, concurrency: CONCURRENCY, kind: 'children' });
        const { startedAt } = await producer.call('enqueue', { queue, count: parents, children, bulk: BULK });
        return (await lab.whenFinished({ queue, count: parents }, [worker], producer)) - startedAt;
      };
      await through('warm-up', Math.ceil(parents / 10));
      await worker.call('stopWorker');
      const { use, result: ms } = await lab.using(() => through('measured', parents));
      await worker.call('stopWorker');
      const nodeCpuUs = use.childCpuUs.reduce((a, b) => a + b, 0);
      return {
        values: { rate: perSecond(count, ms), allDone: ms, ...costs(use, nodeCpuUs, count) },
        foreignPercent: use.foreignPercent,
        commands: commandsPerRun(use, count),
      };
    },
  };
}

export const CHILDREN: readonly Workload[] = [childrenWorkload(10, 1_000, true), childrenWorkload(1_000, 10, false)];
