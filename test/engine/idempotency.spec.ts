import { defineWorkflow, IdempotencyConflictError } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { useEngine } from './engine.js';

const executed: unknown[] = [];
const pay = defineWorkflow('pay', { maxConcurrency: 10 }, (_ctx, input: unknown) => {
  executed.push(input);
  return input;
});

beforeEach(() => void (executed.length = 0));

describe('idempotency keys', () => {
  const engine = useEngine();
  const keyed = (input: unknown, options: object = {}) =>
    engine.client.run(pay, input, { idempotencyKey: 'k', ...options });
  const pointer = () => engine.key('idempo:pay:k');

  it('give the same run twice, and tell which call made it', async () => {
    const [first, second] = [await keyed(1), await keyed(1)];
    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.id).toBe(first.id);
    await engine.startWorker([pay]);
    await second.result();
    const third = await keyed(1);
    expect(third).toMatchObject({ id: first.id, created: false });
    await expect(third.result()).resolves.toBe(1);
    expect(executed).toEqual([1]);
  });

  it('give the first run for another input too, unless conflicts are rejected', async () => {
    const first = await keyed({ amount: 1, to: 'a' });
    await expect(keyed({ amount: 2 })).resolves.toMatchObject({ id: first.id, created: false });
    const error: unknown = await keyed({ amount: 2 }, { onConflict: 'reject' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IdempotencyConflictError);
    expect(error).toMatchObject({ workflow: 'pay', idempotencyKey: 'k', runId: first.id });
    const sameInAnotherOrder = await keyed({ to: 'a', amount: 1 }, { onConflict: 'reject' });
    expect(sameInAnotherOrder.id).toBe(first.id);
    await expect(first.state()).resolves.toMatchObject({ input: { amount: 1, to: 'a' } });
  });

  it('reject a conflict with a run that has no input', async () => {
    await keyed(undefined);
    await expect(keyed(1, { onConflict: 'reject' })).rejects.toMatchObject({ name: 'IdempotencyConflictError' });
    await expect(keyed(undefined, { onConflict: 'reject' })).resolves.toMatchObject({ created: false });
  });

  it('belong to one workflow', async () => {
    const refund = defineWorkflow('refund', {}, () => 1);
    const ids = [await keyed(1), await engine.client.run(refund, 1, { idempotencyKey: 'k' })].map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });

  it('are kept for seven days, or as long as the caller says', async () => {
    await keyed(1);
    const week = 7 * 86_400_000;
    const ttl = await engine.redis.commands.pttl(pointer());
    expect(ttl).toBeGreaterThan(week - 60_000);
    expect(ttl).toBeLessThanOrEqual(week);

    const short = await engine.client.run(pay, 1, { idempotencyKey: 'short', idempotencyTtlMs: 30 });
    await eventually(async () => {
      const again = await engine.client.run(pay, 1, { idempotencyKey: 'short', idempotencyTtlMs: 30 });
      expect(again.id).not.toBe(short.id);
      return true;
    });
  });

  it('give one run to many callers that race, and all of them its id', async () => {
    const clients = Array.from({ length: 8 }, () => engine.newClient());
    await engine.startWorker([pay]);
    const handles = await Promise.all(
      Array.from({ length: 10 }, () =>
        clients.map((client) => client.run(pay, 'raced', { idempotencyKey: 'k' })),
      ).flat(),
    );
    expect(new Set(handles.map(({ id }) => id)).size).toBe(1);
    expect(handles.filter(({ created }) => created)).toHaveLength(1);
    await expect(Promise.all(handles.map((handle) => handle.result()))).resolves.toEqual(handles.map(() => 'raced'));
    expect(executed).toEqual(['raced']);
  });

  it('hold within one call of runMany', async () => {
    const request = { workflow: pay, input: 1, options: { idempotencyKey: 'k' } };
    const handles = await engine.client.runMany([request, request, request]);
    expect(handles.map(({ created }) => created)).toEqual([true, false, false]);
    expect(new Set(handles.map(({ id }) => id)).size).toBe(1);
    await engine.startWorker([pay]);
    await handles[2]?.result();
    expect(executed).toEqual([1]);
  });

  it('replace a pointer whose run is gone', async () => {
    const first = await keyed('first');
    await engine.redis.commands.del(engine.key(`run:${first.id}`));
    const second = await keyed('second');
    expect(second).toMatchObject({ created: true });
    expect(second.id).not.toBe(first.id);
    await engine.startWorker([pay]);
    await expect(second.result()).resolves.toBe('second');
    expect(executed).toEqual(['second']);
  });

  it.each([
    ['the status is missing', (key: string) => engine.redis.commands.hdel(key, 'status')],
    [
      'only the input is left',
      (key: string) => engine.redis.commands.hdel(key, 'status', 'workflow', 'queue', 'createdAt'),
    ],
    ['the index entry is missing', () => engine.redis.commands.del(engine.key('workflow-runs:pay:queued'))],
  ])('repair a partial run behind a pointer: %s', async (_what, damage) => {
    const first = await keyed('partial');
    await damage(engine.key(`run:${first.id}`));
    await engine.redis.commands.del(engine.key('q:default:ready'), engine.key('runs:created'));
    const second = await keyed('partial');
    expect(second.id).toBe(first.id);
    await engine.startWorker([pay]);
    await expect(second.result()).resolves.toBe('partial');
    expect(executed).toEqual(['partial']);
    await expect(engine.client.listRuns({ workflow: 'pay' })).resolves.toMatchObject({ runs: [{ id: first.id }] });
  });

  it('find the run of a call whose reply was lost', async () => {
    const store = engine.newStore();
    const client = engine.newClientOn(store);
    store.loseReply('runs.enqueue');
    await expect(client.run(pay, 'once', { idempotencyKey: 'k' })).rejects.toMatchObject({ name: 'ConnectionError' });
    const handle = await client.run(pay, 'once', { idempotencyKey: 'k' });
    await engine.startWorker([pay]);
    await expect(handle.result()).resolves.toBe('once');
    expect(executed).toEqual(['once']);
  });

  it('are not needed for a call that is sent twice on the way', async () => {
    const store = engine.newStore();
    store.repeat('runs.enqueue');
    const handle = await engine.newClientOn(store).run(pay, 'once');
    expect(handle.created).toBe(true);
    await engine.startWorker([pay]);
    await handle.result();
    await expect(engine.client.listRuns()).resolves.toMatchObject({ runs: [{ id: handle.id }] });
    expect(executed).toEqual(['once']);
  });
});
