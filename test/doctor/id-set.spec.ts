import { newRunId } from '../../lib/core/run-id.js';
import { IdSet } from '../../lib/redis/doctor/id-set.js';

describe('a set of ids', () => {
  it('has what was added, once', () => {
    const set = new IdSet();
    const ids = [...Array.from({ length: 100_000 }, () => newRunId()), '', 'a', 'aa', 'b', 'ü'];
    expect(ids.filter((id) => !set.add(id))).toEqual([]);
    expect(ids.filter((id) => !set.has(id) || set.add(id))).toEqual([]);
    expect(set.size).toBe(ids.length);
  });

  it('has nothing else', () => {
    const set = new IdSet();
    for (let i = 0; i < 100_000; i++) set.add(`r${i}`);
    for (let i = 100_000; i < 300_000; i++) if (set.has(`r${i}`)) throw new Error(`has r${i}`);
    expect(set.size).toBe(100_000);
  });
});
