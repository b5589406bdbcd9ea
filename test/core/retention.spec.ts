import { resolveRetention } from '../../lib/core/retention.js';

const DAY_MS = 86_400_000;

describe('resolveRetention', () => {
  it('keeps succeeded and canceled runs for 7 days and failed ones for 30, up to 100 000 each', () => {
    expect(resolveRetention()).toEqual({
      succeeded: { ageMs: 7 * DAY_MS, count: 100_000 },
      failed: { ageMs: 30 * DAY_MS, count: 100_000 },
      canceled: { ageMs: 7 * DAY_MS, count: 100_000 },
    });
  });

  it('takes each value for itself', () => {
    expect(resolveRetention({ failed: { ageMs: 5 }, canceled: { count: 0 } })).toMatchObject({
      failed: { ageMs: 5, count: 100_000 },
      canceled: { ageMs: 7 * DAY_MS, count: 0 },
    });
  });

  it('keeps for ever where that is wanted', () => {
    expect(resolveRetention({ succeeded: false }).succeeded).toEqual({ ageMs: Infinity, count: Infinity });
  });
});
