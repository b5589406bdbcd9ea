import { useRedis } from '../../support/redis.js';
import { killWorkers } from './experiment.js';

describe('the only worker, killed in the middle of steps', () => {
  const redis = useRedis();

  it('loses no run, executes no stored step again and counts no attempt', async () => {
    const { figures, violations } = await killWorkers({ ...redis.options, kills: 4, seed: 20_240 });
    expect(violations).toEqual([]);
    expect(figures.killsInTheMiddleOfAStep).toBe(4);
    expect(figures.executedAgain).toBeGreaterThan(0);
  }, 120_000);
});
