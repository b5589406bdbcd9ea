import { useEngine } from '../../engine/engine.js';
import { strikeLeaders } from './cron-leaders.js';
import { describeWithServer, usePrivateRedis } from './support/private-redis.js';

// Rows 24 and 25. `npm run chaos:matrix -- cron` kills 200 leaders.
describeWithServer('the cron leader', () => {
  const redis = usePrivateRedis();
  const engine = useEngine();

  it('killed or frozen at the tick: each tick that was planned gives exactly one run', async () => {
    const place = { connection: redis.url, prefix: engine.redis.prefix };
    const result = await strikeLeaders({ ...place, kills: 5, lanes: 2, seed: 24 });
    expect(result).toMatchObject({ kills: 5, wrong: [], violations: [], late: { stale: 1 } });
    expect(result.ticksOfKills).toBeGreaterThanOrEqual(result.kills);
    expect(result.runs).toBe(result.ticks);
  }, 240_000);
});
