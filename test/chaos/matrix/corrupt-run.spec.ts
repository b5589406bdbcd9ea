import { defineWorkflow, examine } from '@redflow/nestjs';
import { countHolders } from '../../redis/begun.js';
import { failureOf, useEngine } from '../../engine/engine.js';
import { Gate } from '../../engine/gate.js';
import { eventually } from '../../support/eventually.js';

// Row 34. What the scripts do with such runs, at random: test/redis/model. What the doctor tells: test/doctor.
describe('a corrupt run', () => {
  const engine = useEngine();
  const redis = () => engine.redis.commands;
  const keyOf = (run: { id: string }) => engine.key(`run:${run.id}`);

  const damages: [string, (key: string) => Promise<unknown>][] = [
    ['of a wrong type', async (key) => (await redis().del(key), redis().set(key, 'no hash'))],
    ['without a status', (key) => redis().hdel(key, 'status')],
    ['with a status of a later version', (key) => redis().hset(key, 'status', 'paused')],
    ['without a workflow', (key) => redis().hdel(key, 'workflow')],
    ['without a queue', (key) => redis().hdel(key, 'queue')],
    ['with a time that is none', (key) => redis().hset(key, 'createdAt', 'yesterday')],
  ];

  const content = async (key: string): Promise<unknown> =>
    (await redis().type(key)) === 'hash' ? redis().hgetall(key) : redis().get(key);
  const holders = () => countHolders(redis(), engine.key(''), 'single');
  const found = async () => {
    const { violations } = await examine({ ...engine.redis.options, leaseGraceMs: 0 });
    return violations.map(({ code, subject }) => `${code} ${subject}`);
  };

  it.each(damages)('%s that is ready is not executed and not written to, and the others go on', async (_, damage) => {
    const executed: number[] = [];
    const single = defineWorkflow('single', {}, (_ctx, input: number) => void executed.push(input));
    const victim = await engine.client.run(single, 0);
    const others = await engine.client.runMany([1, 2, 3].map((input) => ({ workflow: single, input })));
    await damage(keyOf(victim));
    const before = await content(keyOf(victim));
    await engine.startWorker([single], { runtime: { reaperIntervalMs: 20 } });
    for (const other of others) await other.result();
    await (await engine.client.run(single, 4)).result();
    expect(executed.sort()).toEqual([1, 2, 3, 4]);
    expect(await content(keyOf(victim))).toEqual(before);
    expect(await holders()).toBe(0);
    expect(await found()).toContain(`corrupt_run ${victim.id}`);
    expect(engine.log.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  it.each(damages)('%s that is running loses its slot to the next, and is not written to', async (_, damage) => {
    const gate = new Gate();
    const single = defineWorkflow('single', {}, async ({ step }, input: number) => {
      if (input === 0) await step.run('held', () => gate.pass());
      return input;
    });
    await engine.startWorker([single], { runtime: { leaseMs: 300, reaperIntervalMs: 20 } });
    const victim = await engine.client.run(single, 0);
    const other = await engine.client.run(single, 1);
    await gate.reached();
    // Its end looks at the hash once the first renewal of its lease has written there.
    await eventually(() => redis().hexists(keyOf(victim), 'token'));
    await damage(keyOf(victim));
    const before = await content(keyOf(victim));
    gate.open();
    await expect(other.result()).resolves.toBe(1);
    expect(await content(keyOf(victim))).toEqual(before);
    await eventually(async () => (await redis().zcard(engine.key('leases'))) === 0);
    expect(await found()).toContain(`corrupt_run ${victim.id}`);
  });

  it('that was begun just now ends all the same, by what its claim has said of it', async () => {
    const single = defineWorkflow('single', {}, async (_ctx, input: number) => {
      await redis().hdel(keyOf(victim), 'workflow');
      return input;
    });
    const victim = await engine.client.run(single, 0);
    await engine.startWorker([single]);
    const ended = () => redis().zscore(engine.key('workflow-runs:single:succeeded'), victim.id);
    await eventually(async () => (await ended()) !== null);
    expect(await holders()).toBe(0);
    expect(await found()).toContain(`corrupt_run ${victim.id}`);
  });

  it('whose input cannot be decoded fails as such, and the others go on', async () => {
    const single = defineWorkflow('single', {}, (_ctx, input: number) => input);
    const victim = await engine.client.run(single, 0);
    const other = await engine.client.run(single, 1);
    await redis().hset(keyOf(victim), 'input', '{"cut off');
    await engine.startWorker([single]);
    await expect(failureOf(victim)).resolves.toMatchObject({ error: { kind: 'serialization' } });
    await expect(other.result()).resolves.toBe(1);
  });
});
