import { examine } from '@redflow/nestjs';
import { Redis } from 'ioredis';
import { describeWithServer } from '../chaos/matrix/support/private-redis.js';
import { eventually } from '../support/eventually.js';
import { goRound, newClient, newWorker, type Place } from './feature-round.js';
import { underLoad } from './load.js';
import { RedisSentinels } from './redis-sentinels.js';

describeWithServer('a Sentinel set', () => {
  let set: RedisSentinels;
  beforeAll(async () => {
    set = await RedisSentinels.start();
  }, 90_000);
  afterAll(() => set?.close());

  const connection = () => ({ sentinels: set.addresses, name: set.name });

  async function roundOn(place: Place): Promise<void> {
    const client = newClient(place);
    const worker = await newWorker(place);
    try {
      await goRound(client);
      expect((await examine(place)).violations).toEqual([]);
    } finally {
      await worker.stop();
      await client.close();
    }
  }

  test('everything works on a Sentinel set that is given as options', async () => {
    await roundOn({ connection: connection(), prefix: 'as-options' });
  }, 60_000);

  test('everything works on a Sentinel set that is given as an instance', async () => {
    const own = new Redis({ ...connection(), lazyConnect: true });
    await roundOn({ connection: own, prefix: 'as-instance' });
    expect(own.status).toBe('wait');
    own.disconnect();
  }, 60_000);

  test('a master that hangs is replaced under load: nothing is lost, and nobody is started again', async () => {
    const before = await set.masterPort();
    const hanging = set.nodeOn(before);
    const figures = await underLoad({ connection: connection(), prefix: 'hangs' }, async () => {
      hanging.stop();
      await eventually(async () => (await set.masterPort()) !== before, 60_000);
    });
    hanging.resume();
    expect(figures).toMatchObject({ lost: [], twice: [], violations: [] });
    process.stderr.write(`sentinel, SIGSTOP: ${JSON.stringify(figures)}\n`);
  }, 180_000);

  test('a master that is killed is replaced under load', async () => {
    await set.untilReplicated();
    const before = await set.masterPort();
    const figures = await underLoad({ connection: connection(), prefix: 'killed' }, async () => {
      await set.nodeOn(before).kill();
      await eventually(async () => (await set.masterPort()) !== before, 60_000);
    });
    expect(figures).toMatchObject({ lost: [], twice: [], violations: [] });
    process.stderr.write(`sentinel, SIGKILL: ${JSON.stringify(figures)}\n`);
  }, 180_000);
});
