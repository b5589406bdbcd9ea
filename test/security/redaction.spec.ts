import { inspect } from 'node:util';
import { defineWorkflow } from '@redflow/nestjs';
import { z } from 'zod';
import { useEngine } from '../engine/engine.js';
import { eventually } from '../support/eventually.js';

const SECRET = 'SECRET-5b77c1';

/** Everything that an error tells: its text, its causes, its properties, its JSON. */
function everythingOf(error: unknown): string {
  return `${String(error)} ${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error) ?? ''}`;
}

const engine = useEngine();
const written: string[] = [];
const output = [
  [process.stdout, process.stdout.write.bind(process.stdout)],
  [process.stderr, process.stderr.write.bind(process.stderr)],
] as const;

beforeEach(() => {
  written.length = 0;
  for (const [stream, write] of output) {
    stream.write = (chunk: string | Uint8Array, ...rest: never[]) => {
      written.push(String(chunk));
      return write(chunk, ...rest);
    };
  }
});
afterEach(() => {
  for (const [stream, write] of output) stream.write = write;
});

const work = defineWorkflow(
  'work',
  { queue: 'q', maxConcurrency: 10, schema: z.object({ card: z.string().max(20) }) },
  async ({ step, input }) => {
    await step.run('charge', () => input.card);
    return input.card;
  },
);

test('a payload is in no error that Redis or redflow gives, and in nothing that is logged', async () => {
  const errors: unknown[] = [];
  const failing = async (call: () => Promise<unknown>): Promise<void> => {
    await call().then(
      () => errors.push(new Error('it did not fail')),
      (error: unknown) => errors.push(error),
    );
  };
  const { client, redis } = engine;
  const worker = await engine.startWorker([work]);
  const created = engine.key('runs:created');
  await redis.commands.del(created);
  await redis.commands.set(created, 'of a wrong type');
  await failing(() => client.run(work, { card: SECRET }));
  await failing(() => client.run(work, { card: SECRET }, { idempotencyKey: SECRET }));
  await redis.commands.del(created);
  await failing(() => client.run(work, { card: `${SECRET}${'x'.repeat(20)}` }));
  await failing(() => client.run(work, { card: 5, [SECRET]: 1 } as never));
  const small = engine.newClient({ limits: { payloadBytes: 10, payloadDepth: 2 } });
  await failing(() => small.run(work, { card: SECRET }));
  await failing(() => small.runByName('work', { a: { b: { c: SECRET } } }));
  await worker.stop();
  await failing(() =>
    engine.newClient({ connection: `redis://user:${SECRET}@127.0.0.1:1`, commandTimeoutMs: 100 }).getRun('1'),
  );
  await failing(() => engine.newClient({ connection: `http://user:${SECRET}@127.0.0.1:1` }).getRun('1'));
  await failing(() =>
    client.cancelRun(SECRET.repeat(100), { reason: SECRET }).then(() => Promise.reject(new Error('n/a'))),
  );
  expect(errors).toHaveLength(9);
  expect(errors.map(String).filter((text) => text.includes('did not fail'))).toEqual([]);
  expect(errors.map(everythingOf).filter((text) => text.includes(SECRET))).toEqual([]);
  expect(`${engine.log.join('\n')}${written.join('')}`).not.toMatch(SECRET);
});

test('what a worker cannot write is not told by what it logs', async () => {
  const { client, redis } = engine;
  const handle = await client.run(work, { card: SECRET });
  await redis.commands.set(engine.key(`run:${handle.id}:steps`), 'of a wrong type');
  const worker = await engine.startWorker([work], { runtime: { leaseMs: 500 } });
  await eventually(async () => (await engine.state(handle)).status !== 'queued');
  await worker.stop();
  await redis.commands.del(engine.key(`run:${handle.id}:steps`));
  expect(`${engine.log.join('\n')}${written.join('')}`).not.toMatch(SECRET);
});

test('a run that fails says so without its input, step results or error in the log', async () => {
  const failing = defineWorkflow('failing', { queue: 'q' }, async ({ step, input }) => {
    await step.run('first', () => input);
    throw new Error(`declined: ${SECRET}`);
  });
  const worker = await engine.startWorker([failing]);
  const handle = await engine.client.run(failing, { card: SECRET });
  await expect(handle.result({ timeoutMs: 10_000 })).rejects.toThrow('declined');
  await worker.stop();
  expect(`${engine.log.join('\n')}${written.join('')}`).not.toMatch(SECRET);
});
