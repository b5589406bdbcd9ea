import { ConnectionError } from '../../lib/core/errors/connection.error.js';
import { RunNotFoundError } from '../../lib/core/errors/run-not-found.error.js';
import { eventually } from '../support/eventually.js';
import { useStore } from './store-fixture.js';

describe('waiting for an outcome', () => {
  const store = useStore();
  const wait = (id: string, signal?: AbortSignal) => store().store.runs.waitForOutcome(id, signal);
  const registered = (id: string) =>
    eventually(() => store().redis.commands.hexists(store().keys.key('run', id), 'waiters'));

  it('resolves as soon as the run has ended, for all who wait', async () => {
    const owner = await store().running('r1');
    const outcomes = [wait('r1'), wait('r1')];
    await registered('r1');
    await store().finish(owner, '"out"');
    expect(await Promise.all(outcomes)).toEqual([
      { status: 'succeeded', payload: '"out"' },
      { status: 'succeeded', payload: '"out"' },
    ]);
  });

  it('gives the error of a failed run and the reason of a canceled one', async () => {
    const owner = await store().running('r1');
    const failed = wait('r1');
    await registered('r1');
    await store().fail(owner, '{"message":"a\\nb"}');
    expect(await failed).toEqual({ status: 'failed', payload: '{"message":"a\\nb"}' });
    await store().queued('r2');
    const canceled = wait('r2');
    await registered('r2');
    await store().cancel('r2', { reason: 'two\nlines' });
    expect(await canceled).toEqual({ status: 'canceled', payload: 'two\nlines' });
  });

  it('fetches an output that is too large for a message', async () => {
    const owner = await store().running('r1');
    const outcome = wait('r1');
    await registered('r1');
    const output = JSON.stringify('x'.repeat(100_000));
    await store().finish(owner, output);
    expect((await outcome).payload).toBe(output);
  });

  it('resolves at once for a run that has ended before', async () => {
    await store().finish(await store().running('r1'));
    expect(await wait('r1')).toEqual({ status: 'succeeded', payload: undefined });
  });

  it('rejects for a run that does not exist', async () => {
    await expect(wait('gone')).rejects.toBeInstanceOf(RunNotFoundError);
  });

  it('ends the wait alone when it is aborted', async () => {
    const owner = await store().running('r1');
    const controller = new AbortController();
    const [aborted, other] = [wait('r1', controller.signal), wait('r1')];
    await registered('r1');
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await expect(wait('r1', controller.signal)).rejects.toThrow('enough');
    await store().finish(owner);
    expect(await other).toMatchObject({ status: 'succeeded' });
  });

  it('learns what was published while its subscription was cut', async () => {
    const owner = await store().running('r1');
    const outcome = wait('r1');
    await registered('r1');
    await Promise.all([store().cut(/ sub=1 /), store().finish(owner, '1')]);
    expect(await outcome).toEqual({ status: 'succeeded', payload: '1' });
  });

  it('rejects when the store is closed', async () => {
    await store().queued('r1');
    const outcome = wait('r1');
    const rejection = expect(outcome).rejects.toBeInstanceOf(ConnectionError);
    await registered('r1');
    await store().store.close();
    await rejection;
    await expect(wait('r1')).rejects.toBeInstanceOf(ConnectionError);
  });
});
