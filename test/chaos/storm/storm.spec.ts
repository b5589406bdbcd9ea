import { describeWithServer } from '../matrix/support/private-redis.js';
import { storm } from './storm.js';

describeWithServer('a storm', () => {
  it('of all faults for twenty seconds leaves everything in order', async () => {
    const { problems, faults, figures } = await storm({ seed: 20_240, durationMs: 20_000 });
    expect(problems).toEqual([]);
    expect(Object.values(faults).reduce((sum, times) => sum + times, 0)).toBeGreaterThan(5);
    expect(figures.runs).toBeGreaterThan(40);
  }, 240_000);
});
