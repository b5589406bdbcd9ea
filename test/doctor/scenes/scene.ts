import { newToken } from '../../../lib/core/run-id.js';
import type { ClaimedRun, Ownership } from '../../../lib/core/store.js';
import type { StoreFixture } from '../../redis/store-fixture.js';

/**
 * Transitions of runs, as clients and workers make them. `pause` is called where everything must be in order.
 * Each scene has a queue of its own.
 *
 * @throws Error where a transition comes to something else than it should
 */
export type Scene = (fixture: StoreFixture, pause: () => Promise<void>) => Promise<void>;

export const retryIn = (delayMs: number) => ({ status: 'retry', error: '{"message":"again"}', delayMs }) as const;

export const stepOf = (name: string, seq: number) =>
  ({
    name,
    kind: 'step',
    status: 'succeeded',
    seq,
    attempts: 1,
    startedAt: 1,
    finishedAt: 2,
    payload: '"done"',
  }) as const;

export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
}

export function expectIds(what: string, runs: readonly { readonly id: string }[], ids: readonly string[]): void {
  expectEqual(what, runs.map(({ id }) => id).join(), ids.join());
}

/** Waits until Redis counts another millisecond: what ends in one is not told apart by age. */
export async function nextMillisecond({ redis }: StoreFixture): Promise<void> {
  const now = async () => {
    const [seconds, micros] = await redis.commands.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  };
  for (const before = await now(); (await now()) === before;);
}

/** Claims the run that is the next of its queue, under a token of its own. */
export async function claimNext(fixture: StoreFixture, id: string, queue: string): Promise<Ownership & ClaimedRun> {
  const token = newToken();
  const runs = await fixture.claim(token, 1, [queue]);
  expectIds('the next run', runs, [id]);
  return { ...(runs[0] as ClaimedRun), runId: id, token };
}

/** Enqueues and claims. */
export async function start(
  fixture: StoreFixture,
  id: string,
  run: { readonly queue: string; readonly workflow?: string; readonly maxAttempts?: number },
): Promise<Ownership & ClaimedRun> {
  await fixture.queued(id, { workflow: 'plain', ...run });
  return claimNext(fixture, id, run.queue);
}

export async function expectStatus(fixture: StoreFixture, id: string, status: string | undefined): Promise<void> {
  expectEqual(`run ${id}`, (await fixture.store.runs.getRun(id))?.status, status);
}
