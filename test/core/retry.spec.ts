import { jest } from '@jest/globals';
import { backoffDelay, type Backoff } from '../../lib/core/retry.js';

describe('backoffDelay', () => {
  afterEach(() => jest.restoreAllMocks());
  const draw = (value: number) => jest.spyOn(Math, 'random').mockReturnValue(value);
  const delays = (backoff: Backoff | undefined, attempts: readonly number[]) =>
    attempts.map((attempt) => backoffDelay(backoff, attempt, new Error('x')));

  it('doubles by default, up to five minutes', () => {
    draw(1);
    expect(delays(undefined, [1, 2, 3, 9, 10, 1_000_000])).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  });

  it('draws from all of the range', () => {
    draw(0);
    expect(delays(undefined, [1, 5])).toEqual([0, 0]);
    draw(0.5);
    expect(delays(undefined, [1, 5])).toEqual([500, 8_000]);
  });

  it('stays in the range, whatever is drawn', () => {
    for (let i = 0; i < 1_000; i++) {
      const delay = backoffDelay({ type: 'exponential', delayMs: 100, factor: 3, maxMs: 500 }, 2, undefined);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(300);
    }
  });

  it('takes first delay, factor and cap', () => {
    draw(1);
    const backoff = { type: 'exponential', delayMs: 10, factor: 10, maxMs: 5_000 } as const;
    expect(delays(backoff, [1, 2, 3, 4])).toEqual([10, 100, 1_000, 5_000]);
  });

  it('can be fixed', () => {
    expect(delays({ type: 'fixed', delayMs: 7 }, [1, 2, 99])).toEqual([7, 7, 7]);
  });

  it('can be a function of attempt and error, with a cap', () => {
    const delay = jest.fn((attempt: number) => attempt * 1_000);
    expect(delays({ type: 'custom', delay, maxMs: 2_500 }, [1, 2, 3])).toEqual([1_000, 2_000, 2_500]);
    expect(delays({ type: 'custom', delay: () => 10 ** 9 }, [1])).toEqual([300_000]);
    expect(delay).toHaveBeenCalledWith(1, expect.any(Error));
  });

  it.each([Number.NaN, -5, -Infinity, undefined as unknown as number])('takes a delay of %p for none', (delayMs) => {
    expect(delays({ type: 'custom', delay: () => delayMs }, [1])).toEqual([0]);
    expect(delays({ type: 'fixed', delayMs }, [1])).toEqual([0]);
  });

  it('gives whole milliseconds', () => {
    expect(delays({ type: 'fixed', delayMs: 1.6 }, [1])).toEqual([2]);
  });
});
