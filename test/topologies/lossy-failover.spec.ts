import { defineWorkflow, examine } from '@redflow/nestjs';
import { Keyspace } from '../../lib/redis/keys.js';
import { RedisStore } from '../../lib/redis/redis-store.js';
import { resolveOptions } from '../../lib/runtime/options.js';
import { describeWithServer } from '../chaos/matrix/support/private-redis.js';
import { Proxy } from '../chaos/storm/proxy.js';
import { eventually } from '../support/eventually.js';
import { newClient, newWorker } from './feature-round.js';
import { RedisNode } from './redis-node.js';

describeWithServer('a lossy fail-over', () => {
  const PREFIX = 'lossy';
  const LEASE_MS = 1_000;

  /** A replica that lags for ever, from when its link to the master is frozen. */
  async function masterWithReplica(): Promise<{ master: RedisNode; replica: RedisNode; link: Proxy }> {
    const master = await RedisNode.start(['--repl-diskless-sync-delay', '0']);
    const link = await Proxy.start(master.port);
    const replica = await RedisNode.start(['--replicaof', `127.0.0.1 ${link.port}`]);
    await eventually(
      async () => (await replica.commands.info('replication')).includes('master_link_status:up'),
      30_000,
    );
    return { master, replica, link };
  }

  const caughtUp = (master: RedisNode) => eventually(async () => (await master.commands.wait(1, 1_000)) === 1, 30_000);

  test('a fail-over that loses writes: no run ends twice, no token of before is valid, lost work is done again', async () => {
    const { master, replica, link } = await masterWithReplica();
    const clients = await Proxy.start(master.port);
    const place = { connection: { host: '127.0.0.1', port: clients.port }, prefix: PREFIX };
    const executions = new Map<string, number>();
    const count = (key: string) => executions.set(key, (executions.get(key) ?? 0) + 1);
    const work = defineWorkflow('work', { queue: 'q', maxConcurrency: 5 }, async ({ step, input }) => {
      const { key } = input as { key: string };
      await step.run('first', () => void count(key));
      return key;
    });
    const client = newClient(place);
    const ends: string[] = [];
    let worker = await newWorker(place, [work] as never, { runtime: { leaseMs: LEASE_MS } });
    await worker.stop();
    try {
      const known = await Promise.all(['a', 'b', 'c'].map((key) => client.run(work, { key })));
      await caughtUp(master);
      // From here on the replica hears nothing: what happens now is lost.
      link.freeze();
      const store = new RedisStore(resolveOptions(place));
      const claim = { workerId: 'before', token: 'token-of-before', queues: ['q'], limit: 1, leaseMs: 60_000 };
      const { runs } = await store.work.claim(claim);
      const owned = { runId: runs[0]?.id as string, token: claim.token };
      worker = await newWorker(place, [work] as never, { runtime: { leaseMs: LEASE_MS } });
      const unknown = await client.run(work, { key: 'lost' });
      expect(await unknown.result({ timeoutMs: 20_000 })).toBe('lost');
      for (const handle of known.filter(({ id }) => id !== owned.runId)) await handle.result({ timeoutMs: 20_000 });

      await replica.commands.call('REPLICAOF', 'NO', 'ONE');
      clients.retarget(replica.port);
      clients.cut();

      const finish = { ...owned, workflow: 'w', outcome: { status: 'succeeded', output: '"of before"' } } as const;
      const retention = resolveOptions(place).retention;
      expect(await store.work.finish(finish, retention)).not.toBe('succeeded');
      expect(await store.work.extendLeases({ runs: [owned], leaseMs: 60_000 })).toEqual(['lost']);
      expect(await store.work.release({ ...owned, to: 'ready' })).toBe('lost');
      await store.close();

      for (const handle of known) {
        expect(['a', 'b', 'c']).toContain(await handle.result({ timeoutMs: 30_000 }));
        ends.push((await handle.state()).status);
      }
      // A run whose start was lost is unknown, not half there.
      await expect(unknown.state()).rejects.toMatchObject({ name: 'RunNotFoundError' });
      expect(ends).toEqual(['succeeded', 'succeeded', 'succeeded']);
      const keys = new Keyspace(PREFIX);
      for (const status of ['failed', 'canceled', 'running', 'queued']) {
        expect(await replica.commands.zcard(keys.index('work', status))).toBe(0);
      }
      expect((await examine(place)).violations).toEqual([]);
    } finally {
      await worker.stop();
      await client.close();
      await Promise.all([link.close(), clients.close(), master.close(), replica.close()]);
    }
  }, 120_000);
});
