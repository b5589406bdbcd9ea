import { defineWorkflow } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { useEngine } from './engine.js';

describe('runs that retention has removed', () => {
  const engine = useEngine();
  const retention = { succeeded: { count: 2 } };

  it('keep their idempotency key: what was done once is not done again while the key lives', async () => {
    let executed = 0;
    const charge = defineWorkflow('charge €:%', { queue: 'work', maxConcurrency: 5 }, () => ++executed);
    await engine.startWorker([charge], { retention });
    const client = engine.newClient({ retention });
    const first = await client.run(charge, null, { idempotencyKey: 'order 7/ü:*' });
    await first.result({ timeoutMs: 10_000 });
    for (let i = 0; i < 5; i++) await (await client.run(charge, null)).result({ timeoutMs: 10_000 });
    await eventually(async () => (await client.getRun(first.id)) === undefined);
    const again = await client.run(charge, null, { idempotencyKey: 'order 7/ü:*', onConflict: 'reject' });
    expect(again).toMatchObject({ id: first.id, created: false });
    expect(executed).toBe(6);
  });

  it('are those that ended first: one that was created long ago and has ended just now stays', async () => {
    const plain = defineWorkflow('plain', { queue: 'work', maxConcurrency: 5 }, () => 'kept');
    const client = engine.newClient({ retention });
    const old = await client.run(plain, null, { delayMs: 3_600_000 });
    await engine.startWorker([plain], { retention });
    for (let i = 0; i < 4; i++) await (await client.run(plain, null)).result({ timeoutMs: 10_000 });
    await engine.redis.commands.zadd(engine.key('scheduled'), 1, old.id);
    await client.run(plain, null);
    await expect(old.result({ timeoutMs: 10_000 })).resolves.toBe('kept');
    await expect(client.getRun(old.id)).resolves.toMatchObject({ status: 'succeeded' });
  });
});
