import { useEngine } from '../../engine/engine.js';
import { strikeLeaders } from './cron-leaders.js';

// Rows 24 and 25, one strike of each kind. `npm run chaos:matrix -- cron --times 200` does 200.
describe('the cron leader', () => {
  const engine = useEngine();

  it('killed or frozen at the tick: each tick that was planned gives exactly one run', async () => {
    const { url: connection, prefix } = engine.redis;
    const result = await strikeLeaders({ connection, prefix, strikes: 5, seed: 24 });
    expect(result.runs).toBe(result.ticks);
    expect(Object.keys(result.late)).toEqual(['stale']);
    expect(Object.values(result.struck).reduce((sum, times) => sum + times, 0)).toBe(5);
  }, 240_000);
});
