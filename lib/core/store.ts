import type { RegistryStore } from './registry-store.js';
import type { RunStore } from './run-store.js';
import type { WorkerStore } from './worker-store.js';

export type {
  CancelResult,
  EnqueuedRun,
  NewRun,
  RunOutcome,
  RunPage,
  RunQuery,
  RunRecord,
  RunStore,
} from './run-store.js';
export type {
  Claim,
  ClaimRequest,
  ClaimedRun,
  Finish,
  FinishResult,
  LeaseState,
  Ownership,
  RecoverRequest,
  Recovery,
  SpawnChild,
  SpawnedChild,
  StepOutcome,
  SuspendRequest,
  SuspendResult,
  WorkerStore,
} from './worker-store.js';
export type { CronAgenda, CronTrigger, DueTrigger, RegistryStore, WorkflowRecord } from './registry-store.js';

/*
 * The seam between engine and storage. Payloads cross it encoded: a store never looks into them.
 * Every method is atomic and safe to call twice with the same arguments. All times are
 * milliseconds since the epoch by the clock of the store, the only one that decides.
 */

/** The blocking side of a worker: only ever told that looking is worthwhile. */
export interface Bell {
  /**
   * Resolves when one of the queues rings, with its name, or after `timeoutMs`; never rejects. Who has heard a queue is
   * the only one: the next claim must look there first, and ring on.
   */
  wait(queues: readonly string[], timeoutMs: number): Promise<string | undefined>;
  /** Ends a pending {@link wait} and every later one at once. */
  close(): Promise<void>;
}

export interface Store {
  readonly runs: RunStore;
  readonly work: WorkerStore;
  readonly registry: RegistryStore;
  /** A blocking reader of its own. */
  openBell(): Bell;
  /** Resolves once the store answers. Rejects with a `ConnectionError` if it cannot be reached. */
  ping(): Promise<void>;
  /** What about the server endangers runs, each with the setting to change. */
  checkServer(): Promise<string[]>;
  /** Closes what the store has opened, and only that. */
  close(): Promise<void>;
}
