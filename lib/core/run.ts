import type { SerializedError } from './serialized-error.js';

/**
 * Where a run stands.
 *
 * ```
 *            ┌───────────── retry at T ──────────────┐
 *            ▼                                       │
 * scheduled ──due──▶ queued ──claim──▶ running ──────┼──▶ succeeded | failed | canceled
 *     │                │ ▲  ▲            │ │         │
 *     │                │ │  └─ reclaim ──┘ │ suspend │
 *     │                │ └──── wake ── waiting ◀─────┘
 *     └────────────────┴── cancel ────────┴──▶ canceled
 * ```
 *
 * `waiting` holds no worker, no lease and no concurrency slot.
 */
export type RunStatus = 'scheduled' | 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'canceled';

/** The statuses that a run never leaves. */
export type TerminalStatus = Extract<RunStatus, 'succeeded' | 'failed' | 'canceled'>;

export const RUN_STATUSES: readonly RunStatus[] = [
  'scheduled',
  'queued',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'canceled',
];

export const TERMINAL_STATUSES: readonly TerminalStatus[] = ['succeeded', 'failed', 'canceled'];

/** Every legal transition; whatever is not listed is refused by the store. */
export const RUN_TRANSITIONS: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  scheduled: ['queued', 'canceled'],
  queued: ['running', 'canceled'],
  running: ['scheduled', 'queued', 'waiting', 'succeeded', 'failed', 'canceled'],
  waiting: ['queued', 'canceled'],
  succeeded: [],
  failed: [],
  canceled: [],
};

export function isTerminal(status: RunStatus): status is TerminalStatus {
  return RUN_TRANSITIONS[status].length === 0;
}

/** What is known of a run. Times are milliseconds since the epoch, `undefined` where not yet known. */
export interface RunState<Output = unknown> {
  readonly id: string;
  readonly workflow: string;
  readonly queue: string;
  readonly status: RunStatus;
  readonly input: unknown;
  readonly output: Output | undefined;
  /** The last error: of a failed run, or of the attempt before a retry. */
  readonly error: SerializedError | undefined;
  /** 1 in the first execution, 0 before it. Recovery after a crash does not count. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly runAt: number | undefined;
  readonly cancelRequestedAt: number | undefined;
  readonly cancelReason: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly parentRunId: string | undefined;
}
