import type { RegistryStore } from './registry-store.js';
import type { RunStore } from './run-store.js';
import type { HandedRun, WorkerStore } from './worker-store.js';

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
  HandedRun,
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

/** What a worker hears: a queue that has rung, or a run that it is handed. */
export type Heard = { readonly queue: string } | { readonly handed: HandedRun };

export interface Listening {
  readonly workerId: string;
  readonly queues: readonly string[];
  readonly timeoutMs: number;
}

/** The blocking side of a worker: told that looking is worthwhile, or handed a run for which a claim stood by. */
export interface Bell {
  /** The name under which the store sees whether this worker is connected; `undefined` until it has one there. */
  readonly presence: string | undefined;
  /**
   * Resolves when one of the queues rings, when a claim of the worker is handed a run, or after `timeoutMs`; never
   * rejects. Who has heard a queue is the only one: the next claim must look there first, and ring on. What is handed
   * over can be lost: then the next claim gives it.
   */
  wait(listening: Listening): Promise<Heard | undefined>;
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
