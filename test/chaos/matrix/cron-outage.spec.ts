import { setTimeout as delay } from 'node:timers/promises';
import { defineWorkflow } from '@redflow/nestjs';
import { useEngine } from '../../engine/engine.js';
import { eventually } from '../../support/eventually.js';
import { Proxy } from '../storm/proxy.js';
import { CronAudit } from './cron-audit.js';
import { describeWithServer, usePrivateRedis } from './support/private-redis.js';

const MISSED = 3;

// Row 27.
describeWithServer('ticks that come while Redis is away', () => {
  const redis = usePrivateRedis();
  const engine = useEngine();
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await Proxy.start(redis.server.port);
  });
  afterAll(() => proxy.close());

  it('are not made up for: the one that was planned comes late, and the next is after the return', async () => {
    const { prefix } = engine.redis;
    const options = { maxConcurrency: 100, cron: [{ expression: '* * * * * *' }] };
    const ticking = defineWorkflow('ticking', options, () => 1);
    const worker = await engine.startWorker([ticking], { prefix, connection: `redis://127.0.0.1:${proxy.port}` });
    const created = () => redis.server.commands.zcard(engine.key('runs:created'));
    await eventually(async () => (await created()) > 0);

    // Nothing gets through until the audit listens.
    proxy.freeze();
    await redis.server.kill();
    await delay((MISSED + 1) * 1_000);
    await redis.server.boot();
    const [before, returnedAt] = [await created(), Date.now()];
    const audit = await CronAudit.start(redis.url, prefix);
    proxy.thaw();
    proxy.cut();
    await eventually(() => audit.over().length >= 2, 20_000);
    await worker.stop();
    await audit.catchUp(redis.server.commands);
    audit.stop();

    const over = audit.over();
    expect(over.filter(({ tick, runs }) => tick < returnedAt || runs.length !== 1)).toEqual([]);
    expect(await created()).toBe(before + 1 + over.length);
  }, 60_000);
});
