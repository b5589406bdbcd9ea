import { describeWithServer } from '../chaos/matrix/support/private-redis.js';
import { eventually } from '../support/eventually.js';
import type { Place } from './feature-round.js';
import { underLoad } from './load.js';
import { idOf, RedisCluster } from './redis-cluster.js';

describeWithServer('a Redis Cluster under load', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ replicas: true });
  }, 120_000);
  afterAll(() => cluster?.close());

  const place = (prefix: string): Place => ({ connection: { cluster: cluster.addresses }, prefix });
  const FLAWLESS = { lost: [], twice: [], violations: [] };

  test('CLUSTER FAILOVER under load loses nothing', async () => {
    const master = await cluster.masterOf('handed-over');
    const replica = await cluster.replicaOf(master);
    const figures = await underLoad(place('handed-over'), async () => {
      await replica.commands.cluster('FAILOVER');
      await eventually(async () => (await cluster.masterOf('handed-over')) === replica, 60_000);
    });
    expect(figures).toMatchObject(FLAWLESS);
    process.stderr.write(`CLUSTER FAILOVER: ${JSON.stringify(figures)}\n`);
  }, 180_000);

  test('a slot that moves to another master under load loses nothing, and leaves nothing behind', async () => {
    await cluster.untilHealthy();
    const [source, slot] = [await cluster.masterOf('moved'), await cluster.slotOf('moved')];
    const target = await cluster.otherMaster(source);
    const figures = await underLoad(place('moved'), async () => {
      await target.commands.cluster('SETSLOT', slot, 'IMPORTING', await idOf(source));
      await source.commands.cluster('SETSLOT', slot, 'MIGRATING', await idOf(target));
      // In steps, so that calls come while some keys are here and some are there.
      for (let keys = ['?']; keys.length > 0;) {
        keys = await source.commands.cluster('GETKEYSINSLOT', slot, 20);
        if (keys.length === 0) break;
        await source.commands.migrate(target.host, target.port, '', 0, 5_000, 'KEYS', ...keys);
      }
      for (const node of [target, source]) await node.commands.cluster('SETSLOT', slot, 'NODE', await idOf(target));
      await eventually(async () => (await cluster.masterOf('moved')) === target, 60_000);
    });
    expect(figures).toMatchObject(FLAWLESS);
    expect(await source.commands.cluster('COUNTKEYSINSLOT', slot)).toBe(0);
    process.stderr.write(`slot migration: ${JSON.stringify(figures)}\n`);
  }, 180_000);

  test('a master that is killed is replaced by its replica under load', async () => {
    await cluster.untilHealthy();
    const master = await cluster.masterOf('killed');
    const figures = await underLoad(place('killed'), async () => {
      // What the replica has not got yet would be lost with the master.
      await master.commands.wait(1, 5_000);
      await master.kill();
      await eventually(async () => (await cluster.masterOf('killed')) !== master, 60_000);
    });
    expect(figures).toMatchObject(FLAWLESS);
    process.stderr.write(`cluster, SIGKILL: ${JSON.stringify(figures)}\n`);
  }, 180_000);
});
