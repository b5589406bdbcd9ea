import { useStore } from '../redis/store-fixture.js';
import { groundOf } from './breakages/breakage.js';
import { OF_CHILDREN } from './breakages/children.js';
import { OF_KEYS } from './breakages/keys.js';
import { OF_QUEUES } from './breakages/queues.js';
import { OF_REGISTRATION } from './breakages/registration.js';
import { OF_RUNS } from './breakages/runs.js';
import { checkUp, dumpOf, linesOf } from './check-up.js';

const all = [...OF_KEYS, ...OF_RUNS, ...OF_QUEUES, ...OF_CHILDREN, ...OF_REGISTRATION];
const cases = all.map((breakage) => [breakage.name, breakage] as const);

describe('the doctor', () => {
  const store = useStore();

  it.each(cases)('finds, and but reads: %s', async (_name, { breakIt, found }) => {
    await breakIt(groundOf(store()));
    const before = await dumpOf(store().redis);
    const report = await checkUp(store().redis);
    expect(linesOf(report)).toEqual(found);
    expect(report).toMatchObject({ unrepaired: found.length, truncated: false });
    expect(await dumpOf(store().redis)).toEqual(before);
  });

  const safe = cases.filter(([, { healed }]) => healed);
  it.each(safe)('repairs, so that workers go on: %s', async (_name, { breakIt, found, healed }) => {
    const ground = groundOf(store());
    await breakIt(ground);
    const report = await checkUp(store().redis, { repair: true });
    // One repair may put right what would have been found next.
    expect(found).toEqual(expect.arrayContaining(linesOf(report)));
    expect(report.violations).not.toEqual([]);
    expect(report.violations.filter(({ repaired }) => !repaired)).toEqual([]);
    expect(report.unrepaired).toBe(0);
    const repaired = await dumpOf(store().redis);
    expect((await checkUp(store().redis, { repair: true, leaseGraceMs: 60_000 })).violations).toEqual([]);
    expect(await dumpOf(store().redis)).toEqual(repaired);
    await healed?.(ground);
    expect((await checkUp(store().redis)).violations).toEqual([]);
  });

  const unsafe = cases.filter(([, { healed }]) => !healed);
  it.each(unsafe)('leaves alone, though asked to repair: %s', async (_name, { breakIt, found }) => {
    await breakIt(groundOf(store()));
    const before = await dumpOf(store().redis);
    const report = await checkUp(store().redis, { repair: true });
    expect(linesOf(report)).toEqual(found);
    expect(report.unrepaired).toBe(found.length);
    expect(await dumpOf(store().redis)).toEqual(before);
  });
});
