import { createClient, defineWorkflow, startWorker, WorkflowRegistry } from '@redflow/nestjs';
import type { ClientOptions, ConnectionOption, RedflowClient, RunningWorker, WorkerOptions } from '@redflow/nestjs';

/** Every kind of work once, on workflows of their own: for a look at a connection, not at the semantics. */
export const greet = defineWorkflow('greet', { queue: 'q', maxConcurrency: 10 }, async ({ step, input }) => {
  const { name } = input as { name: string };
  return step.run('hello', () => `hello ${name}`);
});

const label = defineWorkflow('label', { queue: 'q', maxConcurrency: 10 }, ({ input }) =>
  Promise.resolve(`label ${(input as { name: string }).name}`),
);

const order = defineWorkflow('order', { queue: 'q', maxConcurrency: 10 }, async ({ step, input }) =>
  Promise.all([
    step.run('charge', () => 'charged'),
    step.runWorkflow('one', label, input),
    step.runWorkflow('two', label, input),
  ]),
);

const flaky = defineWorkflow(
  'flaky',
  { queue: 'q', retries: { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 10 } } },
  async ({ step, run }) => {
    const first = await step.run('once', () => run.attempt);
    if (run.attempt < 3) throw new Error('not yet');
    return { first, attempt: run.attempt };
  },
);

const patient = defineWorkflow(
  'patient',
  { queue: 'q', maxConcurrency: 10 },
  ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
);

const ticking = defineWorkflow('ticking', { queue: 'q', cron: [{ expression: '* * * * * *' }] }, () =>
  Promise.resolve('tick'),
);

export const WORKFLOWS = [greet, label, order, flaky, patient, ticking];

const QUIET = { log: () => undefined, warn: () => undefined, error: () => undefined };

export interface Place {
  readonly connection: ConnectionOption;
  readonly prefix: string;
}

export function newClient(place: Place, more: Partial<ClientOptions> = {}): RedflowClient {
  return createClient({ ...place, serverChecks: false, logger: QUIET, ...more });
}

export function newWorker(
  place: Place,
  workflows = WORKFLOWS,
  more: Partial<WorkerOptions> = {},
): Promise<RunningWorker> {
  const registry = new WorkflowRegistry();
  for (const workflow of workflows) registry.add(workflow);
  const options = {
    app: 'topologies',
    registry,
    concurrency: 10,
    drainTimeoutMs: 500,
    serverChecks: false,
    logger: QUIET,
  };
  return startWorker({ ...place, ...options, ...more });
}

/** Goes once through what a client and a worker can do, and expects what each must give. */
export async function goRound(client: RedflowClient): Promise<void> {
  const results = await Promise.all([
    client.run(greet, { name: 'Ada' }).then((handle) => handle.result({ timeoutMs: 20_000 })),
    client.run(order, { name: 'Ada' }).then((handle) => handle.result({ timeoutMs: 20_000 })),
    client.run(flaky, undefined).then((handle) => handle.result({ timeoutMs: 20_000 })),
    client.run(greet, { name: 'later' }, { delayMs: 300 }).then((handle) => handle.result({ timeoutMs: 20_000 })),
  ]);
  expect(results).toEqual([
    'hello Ada',
    ['charged', 'label Ada', 'label Ada'],
    { first: 1, attempt: 3 },
    'hello later',
  ]);

  const waiting = await client.run(patient, undefined);
  await waiting.cancel({ reason: 'enough' });
  await expect(waiting.result({ timeoutMs: 20_000 })).rejects.toThrow('enough');

  const twice = [1, 2].map(() => client.run(greet, { name: 'Bo' }, { idempotencyKey: 'bo' }));
  const [first, second] = await Promise.all(twice);
  expect([first?.id, [first?.created, second?.created].filter(Boolean).length]).toEqual([second?.id, 1]);

  const { runs } = await client.listRuns({ workflow: 'order', status: 'succeeded' });
  expect(runs.map(({ workflow }) => workflow)).toEqual(['order']);
  expect((await client.getRunSteps(runs[0]?.id ?? '')).map(({ name }) => name).sort()).toEqual([
    'charge',
    'one',
    'two',
  ]);
  expect((await client.listWorkflows()).map(({ name }) => name).sort()).toEqual(
    WORKFLOWS.map(({ name }) => name).sort(),
  );
}
