import { setImmediate as nextTurn } from 'node:timers/promises';
import { Turnstile } from '../../lib/engine/turnstile.js';

describe('a turnstile', () => {
  it('lets the first through at once, and the others one by one, in order, in later turns', async () => {
    const turnstile = new Turnstile();
    const passed: string[] = [];
    const come = async (name: string): Promise<void> => {
      await turnstile.enter();
      passed.push(name);
    };
    expect(turnstile.enter()).toBeUndefined();
    const others = [come('second'), come('third')];
    const seen: number[] = [];
    for (let turn = 0; turn < 8; turn++) {
      await nextTurn();
      seen.push(passed.length);
    }
    await Promise.all(others);
    expect(passed).toEqual(['second', 'third']);
    // Never two in one turn, and what the one before has to send goes first.
    expect(seen[0]).toBe(0);
    expect(seen.every((count, turn) => count - (seen[turn - 1] ?? 0) <= 1)).toBe(true);
  });

  it('is open again once nobody has come for a while', async () => {
    const turnstile = new Turnstile();
    expect(turnstile.enter()).toBeUndefined();
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    expect(turnstile.enter()).toBeUndefined();
  });
});
