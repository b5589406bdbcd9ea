import { useEngine } from '../../engine/engine.js';
import { rollWorkers } from './rolling-restart.js';

// Row 36. `npm run chaos:matrix -- rolling --times 10` does ten rounds.
describe('four workers, restarted one after the other by SIGTERM', () => {
  const engine = useEngine();

  it('end cleanly, hand back what they have not ended, and leave nothing to recover', async () => {
    const { url: connection, prefix } = engine.redis;
    const result = await rollWorkers({ connection, prefix, rounds: 1 });
    expect(result).toMatchObject({ restarts: 4, runs: 40, wrong: [], unclean: [], recovered: [], violations: [] });
    expect(result.handedBack).toBeGreaterThan(0);
  }, 240_000);
});
