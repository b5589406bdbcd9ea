import type { Retention } from '../../../lib/core/retention.js';
import { newRunId } from '../../../lib/core/run-id.js';
import type { NewRun } from '../../../lib/core/store.js';
import { HOUR } from '../store-fixture.js';
import type { Random } from '../../support/random.js';

export const QUEUES = ['q1', 'q:2'];
export const LIMITS: Readonly<Record<string, number>> = { one: 1, two: 2, 'three:': 3 };
/** `unregistered` has no metadata, hence the default limit. */
export const WORKFLOWS = [...Object.keys(LIMITS), 'unregistered'];
/** Few runs are kept, so that trimming takes part. */
export const RETENTION: Retention = {
  succeeded: { ageMs: HOUR, count: 6 },
  failed: { ageMs: HOUR, count: 4 },
  canceled: { ageMs: HOUR, count: 1 },
};
export const MAX_DEPTH = 3;

/** Runs of one depth share idempotency keys: a child is found by several parents, and never by itself. */
export function randomRun(random: Random, depth: number): NewRun {
  return {
    id: newRunId(),
    workflow: random.pick([...WORKFLOWS, 'one', 'two']),
    queue: random.pick(QUEUES),
    maxAttempts: 3,
    delayMs: random.chance(0.15) ? HOUR : undefined,
    ...(random.chance(0.3) ? { idempotencyKey: `${depth}:${random.below(5)}`, idempotencyTtlMs: HOUR } : {}),
  };
}
