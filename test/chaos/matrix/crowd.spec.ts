import { useEngine } from '../../engine/engine.js';
import { crowdOut, workOffBacklog } from './crowd.js';
import { describeWithServer, usePrivateRedis } from './support/private-redis.js';

describeWithServer('a crowd of runs', () => {
  const redis = usePrivateRedis();
  const engine = useEngine();
  const here = () => ({ connection: redis.url, prefix: engine.redis.prefix });

  // Row 37. `npm run chaos:matrix -- backlog --times 100000` tells the scripts beyond 10 ms, which a machine under load has too.
  it('as a backlog makes no script slow', async () => {
    const result = await workOffBacklog({ ...here(), runs: 10_000 });
    expect(result.meanScriptMs).toBeLessThan(10);
  }, 120_000);

  // Row 39. `npm run chaos:matrix -- tenant --times 50000` has so many runs of the hot tenant.
  it('of one workflow neither starves another behind it, nor exceeds its own limit', async () => {
    const result = await crowdOut({ ...here(), hot: 3_000, limit: 3 });
    expect(result.hotLeft).toBeGreaterThan(1_000);
    expect(result.mostHotHolders).toBeLessThanOrEqual(3);
  }, 120_000);
});
