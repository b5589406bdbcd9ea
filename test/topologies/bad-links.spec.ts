import { performance } from 'node:perf_hooks';
import { createClient, defineWorkflow, examine } from '@redflow/nestjs';
import { describeWithServer } from '../chaos/matrix/support/private-redis.js';
import { Proxy } from '../chaos/storm/proxy.js';
import { eventually } from '../support/eventually.js';
import { newClient, newWorker } from './feature-round.js';
import { underLoad } from './load.js';
import { RedisNode } from './redis-node.js';

describeWithServer('bad links', () => {
  const FLAWLESS = { lost: [], twice: [], violations: [] };
  const open: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });
  const keep = <T extends { close(): Promise<unknown> }>(each: T): T => {
    open.push(each);
    return each;
  };

  /** The frozen links stay frozen for ever; new ones work, as after a change of the route. */
  async function freezeLinks(proxy: Proxy): Promise<void> {
    proxy.freeze();
    proxy.letNewThrough();
  }

  test('a half-open link is left within 10 s by client, worker and bell, and no run is lost', async () => {
    const redis = keep(await RedisNode.start());
    const proxy = keep(await Proxy.start(redis.port));
    const place = { connection: { host: '127.0.0.1', port: proxy.port }, prefix: 'half-open' };
    const figures = await underLoad(place, () => freezeLinks(proxy));
    expect(figures).toMatchObject(FLAWLESS);
    process.stderr.write(`half-open: ${JSON.stringify(figures)}\n`);
  }, 120_000);

  test('an idle worker and a caller that waits for a result notice a half-open link too', async () => {
    const redis = keep(await RedisNode.start());
    const proxy = keep(await Proxy.start(redis.port));
    const place = { connection: { host: '127.0.0.1', port: proxy.port }, prefix: 'idle' };
    const echo = defineWorkflow('echo', { queue: 'q' }, ({ input }) => Promise.resolve(input));
    const [waiting, direct] = [newClient(place), newClient({ ...place, connection: redis.url })];
    const worker = await newWorker(place, [echo] as never);
    try {
      expect(await (await waiting.run(echo, 1)).result({ timeoutMs: 10_000 })).toBe(1);
      const handle = await direct.run(echo, 2, { queue: 'later' });
      const result = waiting.getHandle(handle.id).result({ timeoutMs: 60_000 });
      await eventually(() => redis.commands.hexists(`{idle}:run:${handle.id}`, 'waiters'));
      await freezeLinks(proxy);
      const frozenAt = performance.now();
      expect(await (await direct.run(echo, 3)).result({ timeoutMs: 30_000 })).toBe(3);
      process.stderr.write(`idle worker found it after ${Math.round(performance.now() - frozenAt)} ms\n`);
      await direct.cancelRun(handle.id, { reason: 'enough' });
      await expect(result).rejects.toThrow('enough');
      process.stderr.write(`the waiting caller heard after ${Math.round(performance.now() - frozenAt)} ms\n`);
    } finally {
      await worker.stop();
      await waiting.close();
      await direct.close();
    }
  }, 120_000);

  test('a master that becomes a replica and is master again: one line in the log for each change, nothing lost', async () => {
    const redis = keep(await RedisNode.start());
    const log: string[] = [];
    const note = (message: string): void => void log.push(message);
    const place = { connection: redis.url, prefix: 'demoted' };
    const logger = { log: note, warn: note, error: note };
    const client = createClient({ ...place, serverChecks: false, logger, commandTimeoutMs: 1_000 });
    const echo = defineWorkflow('echo', { queue: 'q' }, ({ input }) => Promise.resolve(input));
    const worker = await newWorker(place, [echo] as never, { logger });
    try {
      const before = await client.run(echo, 1, { delayMs: 1_500 });
      // A replica that never gets to its master keeps its data.
      await redis.commands.call('REPLICAOF', '127.0.0.1', '1');
      await expect(client.run(echo, 2)).rejects.toThrow(/READONLY/);
      await eventually(() => log.some((line) => line.includes('takes no writes')), 20_000);
      await eventually(() => log.filter((line) => line.includes('takes no writes')).length === 2, 20_000);
      const told = log.length;
      await expect(client.run(echo, 2)).rejects.toThrow(/READONLY/);
      expect(log.filter((line) => line.includes('takes no writes'))).toHaveLength(2);
      expect(log.length - told).toBeLessThan(4);
      await redis.commands.call('REPLICAOF', 'NO', 'ONE');
      expect(await before.result({ timeoutMs: 30_000 })).toBe(1);
      expect(await (await client.run(echo, 3)).result({ timeoutMs: 30_000 })).toBe(3);
      await eventually(() => log.some((line) => line.includes('restored')), 20_000);
      expect((await examine(place)).violations).toEqual([]);
    } finally {
      await worker.stop();
      await client.close();
    }
  }, 120_000);
});
