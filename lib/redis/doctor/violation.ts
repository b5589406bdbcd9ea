/** What the doctor can find. */
export type ViolationCode =
  | 'unknown_key'
  | 'wrong_type'
  | 'missing_ttl'
  | 'leftover_key'
  | 'corrupt_run'
  | 'unindexed_run'
  | 'wrong_index'
  | 'foreign_member'
  | 'lease_missing'
  | 'lease_unexpected'
  | 'lease_expired'
  | 'queued_nowhere'
  | 'schedule_missing'
  | 'waiting_forever'
  | 'terminal_unfinished'
  | 'not_expiring'
  | 'attempt_out_of_range'
  | 'slots_exceeded'
  | 'parked_forever'
  | 'bell_stuck'
  | 'workflow_unlisted'
  | 'trigger_unplanned';

/** A broken invariant. Names keys and run ids only, never payloads. */
export interface Violation {
  readonly code: ViolationCode;
  /** A run id, a key without the root, or a workflow. */
  readonly subject: string;
  readonly detail: string;
  /** Whether `repair` has put it right. */
  readonly repaired: boolean;
}

export interface DoctorReport {
  readonly prefix: string;
  readonly keys: number;
  readonly runs: number;
  readonly runsByStatus: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  /** More violations of a kind than are listed. */
  readonly truncated: boolean;
}
