import { HOUR, newRun, useStore } from './store-fixture.js';

/** The longest that lies in pieces, by `include/long-text.lua`. */
const LONGEST_IN_PIECES = 480;

const textOf = (bytes: number, char: string): string => {
  const count = Math.floor(bytes / Buffer.byteLength(char));
  return char.repeat(count).padEnd(count * char.length + (bytes - count * Buffer.byteLength(char)), 'x');
};

/** Around each border at which a text is cut, of characters of 1 to 4 bytes. */
const LENGTHS = [1, 60, 61, 64, 65, 66, 67, 121, 128, 129, 191, 256, LONGEST_IN_PIECES - 1, LONGEST_IN_PIECES];
const CASES = ['a', 'é', '東', '🚚'].flatMap((char) =>
  LENGTHS.map((bytes) => [bytes, char, textOf(bytes, char)] as const),
);

describe('a text that is longer than what Redis keeps in a compact hash', () => {
  const store = useStore();
  const encodingOf = (id: string) => store().redis.commands.object('ENCODING', store().keys.key('run', id));

  it.each(CASES)('of %i bytes of %s comes back as it was, and the hash stays compact', async (bytes, _char, text) => {
    expect(Buffer.byteLength(text)).toBe(bytes);
    await store().queued('r1', { input: text });
    expect(await encodingOf('r1')).toBe('listpack');
    const [claimed] = await store().claim('t');
    expect(claimed?.input).toBe(text);
    const [again] = await store().claim('t');
    expect(again?.input).toBe(text);
    await store().finish({ runId: 'r1', token: 't' }, text);
    expect(await encodingOf('r1')).toBe('listpack');
    expect(await store().store.runs.getRun('r1')).toMatchObject({ input: text, output: text });
    expect((await store().store.runs.listRuns({ limit: 1, offset: 0 })).runs).toMatchObject([
      { input: text, output: text },
    ]);
    expect(await store().store.runs.waitForOutcome('r1')).toEqual({ status: 'succeeded', payload: text });
  });

  it.each([LONGEST_IN_PIECES + 1, 10_000])('of %i bytes lies in one field', async (bytes) => {
    const text = 'x'.repeat(bytes);
    await store().queued('r1', { input: text });
    expect(await store().redis.commands.hget(store().keys.key('run', 'r1'), 'input')).toBe(text);
    await store().finish(await store().execute('r1'), text);
    expect(await store().store.runs.getRun('r1')).toMatchObject({ input: text, output: text });
  });

  it('is compared as a whole where its run is started again, and kept where the run was half-written', async () => {
    const input = 'é'.repeat(200);
    const run = { input, idempotencyKey: 'key', idempotencyTtlMs: HOUR };
    await store().queued('r1', run);
    const start = (id: string) => store().store.runs.enqueue(newRun(id, { ...run, input: 'other' }));
    expect(await start('r2')).toMatchObject({ id: 'r1', created: false, existingInput: input });
    await store().redis.commands.zrem(store().keys.index('w', 'queued'), 'r1');
    await start('r3');
    expect(await store().store.runs.getRun('r1')).toMatchObject({ input });
  });

  it('reaches a parent that awaits a child which has ended', async () => {
    const output = '🚚'.repeat(70);
    const parent = await store().running('p');
    await store().queued('c', { idempotencyKey: 'c', queue: 'children', workflow: 'child' });
    await store().finish(await store().execute('c', 'children'), output);
    const spawned = await store().spawn(parent, {
      id: 'c2',
      workflow: 'child',
      queue: 'children',
      idempotencyKey: 'c',
    });
    expect(spawned).toMatchObject({ id: 'c', outcome: { status: 'succeeded', payload: output } });
  });
});
