export interface CronTrigger {
  /** Unique within the workflow. */
  readonly id: string;
  readonly workflow: string;
  readonly expression: string;
  readonly timezone?: string;
  /** Encoded; absent for none. */
  readonly input?: string;
}

export interface WorkflowRecord {
  readonly name: string;
  readonly queue: string;
  readonly maxConcurrency: number;
  readonly app: string;
  /** When it was last registered. */
  readonly updatedAt: number;
  readonly cron: readonly Omit<CronTrigger, 'workflow'>[];
  readonly maxAttempts: number;
  /** Whether it has a failure handler. */
  readonly onFailure: boolean;
  /** JSON of the retry options that can be stored. */
  readonly retriesJson: string;
  /** JSON Schema of the input. */
  readonly inputSchema?: unknown;
}

export interface DueTrigger {
  readonly trigger: CronTrigger;
  /** The tick that is due; absent for a trigger that has not been planned yet. */
  readonly dueAt?: number;
}

export interface CronAgenda {
  readonly leader: boolean;
  readonly now: number;
  /** What is due or unplanned; only for the leader. */
  readonly due: readonly DueTrigger[];
  readonly nextDueAt?: number;
  /** Ms for which another worker leads while something is due; else 0. */
  readonly heldMs: number;
}

/** Registration and cron. */
export interface RegistryStore {
  /**
   * Writes the workflows of an app, and removes those of the app that are in the store, not in the list,
   * and older than 30 s. `foreign`: names that another living app has registered; they are left alone.
   */
  sync(request: {
    app: string;
    workflows: readonly Omit<WorkflowRecord, 'app' | 'updatedAt'>[];
  }): Promise<{ removed: string[]; foreign: string[] }>;
  /** Removes the workflows of an app that are in the store, not in `names`, and older than `ageMs`. Gives their names. */
  removeStale(request: { app: string; names: readonly string[]; ageMs: number }): Promise<string[]>;
  /**
   * Keeps the workflows of a living app from becoming stale; `false` where one is missing: sync again. Of many names some
   * are looked up in each call, and all within a few minutes.
   */
  touch(request: { app: string; names: readonly string[] }): Promise<boolean>;
  getWorkflow(name: string): Promise<WorkflowRecord | undefined>;
  listWorkflows(): Promise<WorkflowRecord[]>;
  /** Takes or renews the leadership, and says what is due. */
  cronAgenda(request: { leaderId: string; ttlMs: number }): Promise<CronAgenda>;
  /** Starts the run of one tick and plans the next, if the trigger is unchanged and still due at `dueAt`. */
  cronTick(request: {
    trigger: CronTrigger;
    dueAt: number | undefined;
    nextAt: number | undefined;
    runId: string;
  }): Promise<'fired' | 'planned' | 'skipped' | 'stale'>;
  resignCron(leaderId: string): Promise<void>;
}
