import { jest } from '@jest/globals';
import { newRunId, newToken } from '../../lib/core/run-id.js';

describe('newRunId', () => {
  afterEach(() => jest.restoreAllMocks());

  it('is short, and safe in URLs and keys', () => {
    for (let i = 0; i < 1_000; i++) expect(newRunId()).toMatch(/^[0-9a-z]{20}$/);
  });

  it('sorts in the order of creation, and never repeats', () => {
    const ids = Array.from({ length: 100_000 }, newRunId);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
  });

  it('stays in order when the clock goes back, or stands still for long', () => {
    const first = newRunId();
    const clock = jest.spyOn(Date, 'now');
    clock.mockReturnValue(1_700_000_000_000);
    const ids = [first, ...Array.from({ length: 150_000 }, newRunId)];
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
  });

  it('starts with its time', () => {
    const at = Date.now() + 10_000;
    jest.spyOn(Date, 'now').mockReturnValue(at);
    expect(parseInt(newRunId().slice(0, 8), 36)).toBe(at);
  });
});

describe('newToken', () => {
  it('is fresh each time, and evenly drawn', () => {
    const tokens = Array.from({ length: 10_000 }, newToken);
    expect(new Set(tokens).size).toBe(tokens.length);
    const counts = new Map<string, number>();
    for (const character of tokens.join('')) counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(counts.size).toBe(36);
    const expected = (10_000 * 20) / 36;
    // Six standard deviations.
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected));
  });
});
