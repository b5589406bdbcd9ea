/** At which moment of a cron tick the process that fires it is to be stopped. */
export type TickPoint = 'before_agenda' | 'before_tick' | 'tick_sent' | 'tick_done';

/** What a worker process is to do; given to it as JSON in `REDFLOW_MATRIX`. */
export interface WorkerOrder {
  readonly connection: string;
  readonly prefix: string;
  /** Names of workflows of `workflows.ts`. */
  readonly workflows: readonly string[];
  readonly concurrency?: number;
  readonly drainTimeoutMs?: number;
  readonly leaseMs?: number;
  readonly maxRecoveries?: number;
  /** By how much the clock of the process is wrong. */
  readonly clockOffsetMs?: number;
  /** So many renewals of leases reject. */
  readonly failedRenewals?: number;
}

/** How a process ends, or stands still, when it comes to a point of a tick for the time after `passes` times. */
export interface TickStrike {
  readonly onTick: TickPoint;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  readonly passes: number;
}

/** What the parent tells a worker process. */
export type Command = 'stop' | TickStrike;

/** What a worker process tells its parent. */
export interface Told {
  readonly event: string;
  readonly run?: string;
  readonly detail?: string;
}

export function readOrder(): WorkerOrder {
  const text = process.env['REDFLOW_MATRIX'];
  if (!text) throw new Error('REDFLOW_MATRIX is not set: this process is started by a test');
  return JSON.parse(text) as WorkerOrder;
}
