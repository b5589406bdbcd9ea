import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 10;

/**
 * Waits until `probe` gives something truthy, and gives that; an assertion that throws counts as "not yet".
 *
 * @throws what `probe` threw last, or an error with what it gave last, after `timeoutMs` (default 10 s)
 */
export async function eventually<T>(probe: () => T | Promise<T>, timeoutMs = 10_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const attempt = await tryProbe(probe);
    if ('value' in attempt && attempt.value) return attempt.value;
    if (performance.now() > deadline) {
      throw 'error' in attempt ? attempt.error : new Error(`still ${String(attempt.value)} after ${timeoutMs} ms`);
    }
    await delay(POLL_MS);
  }
}

async function tryProbe<T>(probe: () => T | Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await probe() };
  } catch (error) {
    return { error };
  }
}
