/**
 * What the doctor can find.
 *
 * Keys: `unknown_key` (no key of redflow has this name), `wrong_type`, `missing_ttl`, `leftover_key` (its run is
 * gone), `bell_stuck`.
 *
 * A run: `corrupt_run` (cannot be read), `unindexed_run` (missing where its status says that it is), `foreign_member`
 * (listed where its status says that it is not), `terminal_unfinished`, `attempt_out_of_range`.
 *
 * Ended runs of a workflow: `not_expiring` (no look for those to be removed is planned).
 *
 * Its way: `lease_missing`, `lease_expired` (and not recovered), `queued_nowhere`, `schedule_missing`, `waiting_forever` (nothing would wake it), `wait_broken` (the outcome of a child would never
 * arrive), `corrupt_step`, `key_mismatch` (an idempotency key points to another's run).
 *
 * Limits: `slots_exceeded`, `parked_forever`.
 *
 * Registration: `workflow_unlisted`, `corrupt_workflow`, `trigger_unplanned`, `trigger_unregistered`,
 * `trigger_undefined`, `corrupt_trigger`.
 */
export type ViolationCode =
  | 'unknown_key'
  | 'wrong_type'
  | 'missing_ttl'
  | 'leftover_key'
  | 'bell_stuck'
  | 'corrupt_run'
  | 'unindexed_run'
  | 'terminal_unfinished'
  | 'not_expiring'
  | 'attempt_out_of_range'
  | 'foreign_member'
  | 'lease_missing'
  | 'lease_expired'
  | 'queued_nowhere'
  | 'schedule_missing'
  | 'waiting_forever'
  | 'wait_broken'
  | 'corrupt_step'
  | 'key_mismatch'
  | 'slots_exceeded'
  | 'parked_forever'
  | 'workflow_unlisted'
  | 'corrupt_workflow'
  | 'trigger_unplanned'
  | 'trigger_unregistered'
  | 'trigger_undefined'
  | 'corrupt_trigger';

/** A broken invariant. Names keys, runs and steps only, never payloads. */
export interface Violation {
  readonly code: ViolationCode;
  /** A run id, a key without the root, a workflow or a trigger. */
  readonly subject: string;
  readonly detail: string;
  /** Whether `repair` has put it right. */
  readonly repaired: boolean;
}

export interface DoctorReport {
  readonly prefix: string;
  /** Counted on the way: on a prefix that grows or shrinks meanwhile, about so many. */
  readonly keys: number;
  readonly runs: number;
  readonly runsByStatus: Readonly<Record<string, number>>;
  /** At most 100 of a kind. */
  readonly violations: readonly Violation[];
  /** How many were found, by code: those that are not listed included. */
  readonly counts: Readonly<Partial<Record<ViolationCode, number>>>;
  /** How many are still there: those that are not listed included. */
  readonly unrepaired: number;
  /** More violations of a kind were found than are listed. */
  readonly truncated: boolean;
}
