import { createClient, examine } from '@redflow/nestjs';
import { Cluster } from 'ioredis';
import { describeWithServer } from '../chaos/matrix/support/private-redis.js';
import { eventually } from '../support/eventually.js';
import { goRound, newClient, newWorker, type Place } from './feature-round.js';
import { RedisCluster } from './redis-cluster.js';

describeWithServer('a Redis Cluster', () => {
  let cluster: RedisCluster | undefined;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  }, 90_000);
  afterAll(() => cluster?.close());

  const nodes = () => (cluster as RedisCluster).addresses;

  async function roundOn(place: Place): Promise<void> {
    const client = newClient(place);
    const worker = await newWorker(place);
    try {
      await goRound(client);
      await eventually(
        async () => (await client.listRuns({ workflow: 'ticking', status: 'succeeded' })).runs.length > 0,
      );
      const report = await examine(place);
      expect(report.violations).toEqual([]);
      expect(report.runs).toBeGreaterThan(8);
    } finally {
      await worker.stop();
      await client.close();
    }
  }

  test('everything works on a cluster that is given as plain data', async () => {
    await roundOn({ connection: { cluster: nodes() }, prefix: 'as-data' });
  }, 60_000);

  test('everything works on a cluster that is given as a URL', async () => {
    await roundOn({ connection: (cluster as RedisCluster).url, prefix: 'as-url' });
  }, 60_000);

  test('everything works on a cluster that is given as an instance, which stays as it is', async () => {
    const own = new Cluster(nodes(), { lazyConnect: true, scaleReads: 'slave' });
    await roundOn({ connection: own, prefix: 'as-instance' });
    expect(own.status).toBe('wait');
    own.disconnect();
  }, 60_000);

  test('prefixes live on all the masters', async () => {
    const prefixes = ['a', 'b', 'c', 'd', 'e', 'f'];
    const clients = prefixes.map((prefix) => newClient({ connection: { cluster: nodes() }, prefix }));
    const handles = await Promise.all(clients.map((client) => client.runByName('nobody', {})));
    expect(handles.every(({ created }) => created)).toBe(true);
    const places = await Promise.all(prefixes.map((prefix) => (cluster as RedisCluster).masterOf(prefix)));
    expect(new Set(places).size).toBeGreaterThan(1);
    await Promise.all(clients.map((client) => client.close()));
  }, 60_000);

  test.each([
    ['redis+cluster://', 'is not a URL'],
    ['redis+cluster://user:secret@a b:1,c:x', 'is not a URL'],
    [{ cluster: [] }, 'at least one node'],
    [{ cluster: [{ port: 1 }], keyPrefix: 'x' }, 'keyPrefix'],
    [{ cluster: [{ port: 1 }], redisOptions: { keyPrefix: 'x' } }, 'keyPrefix'],
  ])('refuses %j', async (connection, message) => {
    const client = createClient({ connection, prefix: 'refused' });
    const error = await client.getRun('1').catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toMatch('secret');
    await client.close();
  });
});
