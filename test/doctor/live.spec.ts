import { setTimeout as delay } from 'node:timers/promises';
import { defineWorkflow, type RedflowClient } from '@redflow/nestjs';
import { registryOf, useEngine } from '../engine/engine.js';
import { checkUp } from './check-up.js';

const CHECK_UPS = 25;
const MOST_CHECK_UPS = 1_000;
const STATUSES = ['canceled', 'queued', 'running', 'scheduled', 'succeeded', 'waiting'];
const ROUND = 40;

describe('the doctor, beside busy workers', () => {
  const engine = useEngine();

  const plain = defineWorkflow('plain:🚀', { queue: 'a', maxConcurrency: 5 }, async ({ step }) => {
    await step.run('one:step', () => delay(1));
    return step.run('two', () => 2);
  });
  const serial = defineWorkflow('serial', { queue: 'b' }, ({ step }) => step.run('s', () => 1));
  const flaky = defineWorkflow(
    'flaky',
    { queue: 'a', maxConcurrency: 3, retries: { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 5 } } },
    ({ run }) => {
      if (run.attempt < 3) throw new Error('on purpose');
      return run.attempt;
    },
  );
  const parent = defineWorkflow('parent', { queue: 'b', maxConcurrency: 4 }, async ({ step }) => {
    const children = Array.from({ length: 10 }, (_, i) => step.runWorkflow(`child ${i}`, i % 3 ? plain : serial, {}));
    await step.emitWorkflow('emitted', flaky, {});
    return (await Promise.all(children)).length;
  });
  const ticking = defineWorkflow('ticking', { queue: 'a', cron: [{ expression: '* * * * * *' }] }, () => 1);
  const unknown = defineWorkflow('known to others', { queue: 'a' }, () => 1);
  const workflows = [plain, serial, flaky, parent, ticking];

  async function produce(client: RedflowClient, stopped: () => boolean): Promise<number> {
    let runs = 0;
    for (let i = 0; !stopped(); i = (i + 1) % 1_000) {
      const request = { idempotencyKey: `key:${i % 300}`, idempotencyTtlMs: 500 };
      const handle = await client.run(plain, {}, request);
      await client.run(serial, {}, i % 2 ? { delayMs: i % 50 } : {});
      await client.run(flaky, {});
      if (i % 10 === 0) await client.run(parent, {});
      if (i % 7 === 0) await client.cancelRun(handle.id);
      if (i % 25 === 0) await client.runByName('known to others', {}, { queue: 'a' });
      runs += 3;
      if (i % ROUND === 0) await delay(20);
    }
    return runs;
  }

  it('raises no false alarm', async () => {
    // Few are kept, so that removal is part of the bustle.
    const rule = { ageMs: 1_000, count: 50 };
    const options = { concurrency: 10, retention: { succeeded: rule, failed: rule, canceled: rule } };
    await engine.client.syncRegistry(registryOf([unknown]), { app: 'others' });
    await engine.startWorker(workflows, options);
    await engine.startWorker(workflows, options);
    let stop = false;
    const produced = produce(engine.client, () => stop);
    const seen = new Set<string>();
    try {
      for (let i = 0; i < CHECK_UPS || (seen.size < STATUSES.length && i < MOST_CHECK_UPS); i++) {
        const { violations, runsByStatus } = await checkUp(engine.redis);
        expect(violations).toEqual([]);
        for (const status of Object.keys(runsByStatus)) seen.add(status);
      }
    } finally {
      stop = true;
    }
    expect(await produced).toBeGreaterThan(CHECK_UPS);
    expect([...seen].sort()).toEqual(STATUSES);
  }, 120_000);
});
