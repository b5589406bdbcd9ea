import { defineWorkflow, RunCanceledError, RunFailedError } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { failureOf, useEngine } from './engine.js';
import { Gate } from './gate.js';

describe('result', () => {
  const engine = useEngine();

  const gated = (gate: Gate) =>
    defineWorkflow('gated', { maxConcurrency: 10 }, async (_ctx, input: unknown) => {
      await gate.pass();
      return input;
    });

  it('is pushed: waiting for it costs no calls', async () => {
    const gate = new Gate();
    const store = engine.newStore();
    const client = engine.newClientOn(store);
    await engine.startWorker([gated(gate)]);
    const handle = await client.run(gated(gate), 'out');
    const result = handle.result();
    await gate.reached();
    // For as long as the worker takes to renew the lease.
    const deadline = () => engine.redis.commands.zscore(engine.key('leases'), handle.id);
    const first = await deadline();
    await eventually(async () => (await deadline()) !== first);
    expect(store.calls('runs.waitForOutcome')).toBe(1);
    expect(store.totalCalls).toBe(2);
    gate.open();
    await expect(result).resolves.toBe('out');
  });

  it('may time out for the caller, and the run goes on', async () => {
    const gate = new Gate();
    await engine.startWorker([gated(gate)]);
    const handle = await engine.client.run(gated(gate), 'late');
    await expect(handle.result({ timeoutMs: 20 })).rejects.toMatchObject({ name: 'TimeoutError', timeoutMs: 20 });
    gate.open();
    await expect(handle.result()).resolves.toBe('late');
    await expect(handle.state()).resolves.toMatchObject({ status: 'succeeded', cancelRequestedAt: undefined });
  });

  it('is given to all who wait, here and in other clients, and to those who come later', async () => {
    const gate = new Gate();
    await engine.startWorker([gated(gate)]);
    const handle = await engine.client.run(gated(gate), 'shared');
    const waits = [handle.result(), handle.result(), engine.newClient().getHandle(handle.id).result()];
    await gate.reached();
    gate.open();
    await expect(Promise.all(waits)).resolves.toEqual(['shared', 'shared', 'shared']);
    await expect(engine.newClient().getHandle(handle.id).result()).resolves.toBe('shared');
  });

  it('rejects with an error that carries the error of the run', async () => {
    const broken = defineWorkflow('broken', {}, () => {
      throw Object.assign(new RangeError('too far', { cause: new Error('why') }), { code: 'E_FAR' });
    });
    await engine.startWorker([broken]);
    const handle = await engine.client.run(broken, undefined);
    const error = await failureOf(handle);
    expect(error).toBeInstanceOf(RunFailedError);
    expect(error).toMatchObject({
      runId: handle.id,
      workflow: 'broken',
      message: expect.stringContaining('RangeError: too far'),
      error: { name: 'RangeError', message: 'too far', kind: 'error', code: 'E_FAR', cause: { message: 'why' } },
    });
  });

  it('rejects with RunCanceledError for a canceled run', async () => {
    const handle = await engine.client.run(gated(new Gate()), 1);
    const result = failureOf(handle);
    await handle.cancel({ reason: 'no longer needed' });
    const error = await result;
    expect(error).toBeInstanceOf(RunCanceledError);
    expect(error).toMatchObject({ runId: handle.id, reason: 'no longer needed' });
    await expect(failureOf(handle)).resolves.toMatchObject({ name: 'RunCanceledError', reason: 'no longer needed' });
  });

  it('rejects for a run that does not exist', async () => {
    await expect(engine.client.getHandle('nowhere').result()).rejects.toMatchObject({
      name: 'RunNotFoundError',
      runId: 'nowhere',
    });
  });

  it('comes back as it was stored, in the first execution too', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const dated = defineWorkflow('dated', {}, async ({ step }) => {
      const stored = await step.run('date', () => ({ at, gone: undefined, list: [undefined] }));
      return { stored, type: typeof stored.at, again: at };
    });
    await engine.startWorker([dated]);
    const output = await (await engine.client.run(dated, undefined)).result();
    const text = at.toISOString();
    expect(output).toEqual({ stored: { at: text, list: [null] }, type: 'string', again: text });
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an empty text', ''],
    ['zero', 0],
    ['false', false],
    ['a text with line ends and NUL', 'a\nb\r\n\0c'],
    ['a text of many planes', '🦊 ไทย \u2028'],
    ['an integer beyond 15 digits', 1_234_567_890_123_456],
    ['an empty list', []],
    ['nested empty lists', { a: [], b: {} }],
    ['a payload of 200 KB', 'x'.repeat(200_000)],
  ])('gives %s back', async (_name, value) => {
    const echo = defineWorkflow('echo', {}, async ({ step }, input: unknown) => {
      const stored = await step.run('echo', () => input);
      const { isDeepStrictEqual } = await import('node:util');
      return { same: isDeepStrictEqual(stored, input), input };
    });
    const handle = await engine.client.run(echo, value);
    const waiting = handle.result();
    await engine.startWorker([echo]);
    await expect(waiting).resolves.toEqual({ same: true, input: value });
    await expect(handle.state()).resolves.toMatchObject(value === undefined ? {} : { input: value });
  });

  it('ends the waits of a client that is closed', async () => {
    const client = engine.newClient();
    const handle = await client.run(gated(new Gate()), 1);
    const result = failureOf(handle);
    await client.close();
    await expect(result).resolves.toMatchObject({ name: 'ConnectionError' });
    await client.close();
  });
});
