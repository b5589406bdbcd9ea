import { ConnectionError } from '../../lib/core/errors/connection.error.js';
import { Batcher } from '../../lib/redis/batcher.js';

describe('Batcher', () => {
  function recording(answer: (items: readonly number[]) => Promise<readonly string[]> = echo) {
    const calls: number[][] = [];
    const send = (items: readonly number[]) => {
      calls.push([...items]);
      return answer(items);
    };
    return { calls, send };
  }

  it('sends what is asked for in one turn in one call, and gives each its reply', async () => {
    const { calls, send } = recording();
    const batcher = new Batcher({ send, maxItems: 10 });
    expect(await Promise.all([1, 2, 3].map((item) => batcher.add(item)))).toEqual(['1', '2', '3']);
    expect(await batcher.add(4)).toBe('4');
    expect(calls).toEqual([[1, 2, 3], [4]]);
  });

  it('sends no more items in a call than allowed, in order', async () => {
    const { calls, send } = recording();
    const batcher = new Batcher({ send, maxItems: 2 });
    await Promise.all([1, 2, 3, 4, 5].map((item) => batcher.add(item)));
    expect(calls).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('sends large items soon', async () => {
    const { calls, send } = recording();
    const batcher = new Batcher({ send, maxItems: 10, sizeOf: (item: number) => item * 1_048_576 });
    await Promise.all([0, 1, 2, 0].map((item) => batcher.add(item)));
    expect(calls).toEqual([[0, 1], [2], [0]]);
  });

  it('sends many in two calls where none is under way, else in one', async () => {
    const { calls, send } = recording();
    const batcher = new Batcher({ send, maxItems: 10, halvedFrom: 3 });
    const replies = [1, 2, 3].map((item) => batcher.add(item));
    await new Promise(setImmediate);
    expect(calls).toEqual([[1, 2], [3]]);
    expect(await Promise.all(replies)).toEqual(['1', '2', '3']);
    await Promise.all([4, 5].map((item) => batcher.add(item)));
    expect(calls.slice(2)).toEqual([[4, 5]]);
  });

  it('does not halve what is asked for while a call is under way', async () => {
    const answers: (() => void)[] = [];
    const { calls, send } = recording(async (items) => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return echo(items);
    });
    const batcher = new Batcher({ send, maxItems: 10, halvedFrom: 3 });
    const first = batcher.add(1);
    await new Promise(setImmediate);
    const others = [2, 3, 4].map((item) => batcher.add(item));
    await new Promise(setImmediate);
    expect(calls).toEqual([[1], [2, 3, 4]]);
    for (const answer of answers) answer();
    expect(await Promise.all([first, ...others])).toEqual(['1', '2', '3', '4']);
  });

  it('halves again after a call that failed', async () => {
    let failing = true;
    const { calls, send } = recording((items) => {
      if (failing) return Promise.reject(new ConnectionError('gone'));
      return echo(items);
    });
    const batcher = new Batcher({ send, maxItems: 10, halvedFrom: 2 });
    expect((await Promise.allSettled([batcher.add(1), batcher.add(2)])).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
    ]);
    failing = false;
    await Promise.all([3, 4].map((item) => batcher.add(item)));
    expect(calls).toEqual([[1], [2], [3], [4]]);
  });

  it('rejects all where no answer has come, and sends nothing again', async () => {
    const { calls, send } = recording(() => Promise.reject(new ConnectionError('gone')));
    const batcher = new Batcher({ send, maxItems: 10 });
    const results = await Promise.allSettled([batcher.add(1), batcher.add(2)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(calls).toEqual([[1, 2]]);
  });

  it('tries each alone where the call was refused, so that one does not spoil it for all', async () => {
    const { calls, send } = recording(async (items) => {
      if (items.includes(2)) throw new ConnectionError('WRONGTYPE', true);
      return echo(items);
    });
    const batcher = new Batcher({ send, maxItems: 10 });
    const results = await Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value : 'rejected'))).toEqual([
      '1',
      'rejected',
      '3',
    ]);
    expect(calls).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  it('goes on after a call that failed', async () => {
    let fail = true;
    const { send } = recording((items) => (fail ? Promise.reject(new Error('once')) : echo(items)));
    const batcher = new Batcher({ send, maxItems: 10 });
    await expect(batcher.add(1)).rejects.toThrow('once');
    fail = false;
    expect(await batcher.add(2)).toBe('2');
  });
});

function echo(items: readonly number[]): Promise<readonly string[]> {
  return Promise.resolve(items.map(String));
}
