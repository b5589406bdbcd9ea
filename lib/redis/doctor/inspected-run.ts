import { isTerminal, type RunStatus } from '../../core/run.js';
import type { ViolationCode } from './violation.js';

/** What the keyspace says of a run as of one instant: the reply of `inspect-runs`, '' for what is missing. */
export interface InspectedRun {
  readonly id: string;
  readonly type: string;
  /** Not so for a run of a later version, or of nobody: then it is left alone. */
  readonly readable: boolean;
  readonly status: RunStatus;
  readonly workflow: string;
  readonly queue: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly attempt: string;
  readonly maxAttempts: string;
  readonly runAt: string;
  /** Its scores. */
  readonly created: string;
  readonly index: string;
  readonly lease: string;
  readonly scheduled: string;
  readonly parked: string;
  /** Whether its workflow is among those that have runs. */
  readonly workflowKnown: boolean;
  readonly now: number;
}

export interface Finding {
  readonly code: ViolationCode;
  readonly detail: string;
}

export interface RunCheckOptions {
  /** An expired lease that nobody has recovered after so many ms is a violation. */
  readonly leaseGraceMs: number;
}

export function toInspectedRun(id: string, row: readonly (string | number)[]): InspectedRun {
  const [type, readable, status, workflow, queue, startedAt, finishedAt, attempt, maxAttempts, runAt] = row;
  const [created, index, lease, scheduled, parked, workflowKnown, now] = row.slice(10);
  return {
    ...{ id, type, status, workflow, queue, startedAt, finishedAt, attempt, maxAttempts, runAt },
    ...{ created, index, lease, scheduled, parked },
    readable: readable === 1,
    workflowKnown: workflowKnown === 1,
    now: Number(now),
  } as InspectedRun;
}

/** What a run lacks by its own hash; where it is too much is seen from the other side, in `IndexCheck`. */
export function checkRun(run: InspectedRun, options: RunCheckOptions): Finding[] {
  return [...checkIndexes(run), ...checkLease(run, options), ...checkEnd(run), ...checkAttempt(run)];
}

function checkIndexes({ status, created, index, scheduled, workflowKnown }: InspectedRun): Finding[] {
  const findings: Finding[] = [];
  if (created === '') findings.push({ code: 'unindexed_run', detail: 'not in runs:created' });
  if (index === '') findings.push({ code: 'unindexed_run', detail: `not in the index of ${status} runs` });
  if (!workflowKnown) findings.push({ code: 'unindexed_run', detail: 'its workflow is not in runs:workflows' });
  if (status === 'scheduled' && scheduled === '')
    findings.push({ code: 'schedule_missing', detail: 'scheduled without a due time: nobody would start it' });
  return findings;
}

function checkLease(run: InspectedRun, { leaseGraceMs }: RunCheckOptions): Finding[] {
  if (run.status !== 'running') return [];
  if (run.lease === '') return [{ code: 'lease_missing', detail: 'running without a lease: nobody would recover it' }];
  const overdueMs = run.now - Number(run.lease);
  if (overdueMs <= leaseGraceMs) return [];
  return [{ code: 'lease_expired', detail: `expired ${overdueMs} ms ago, and not recovered: does a worker run?` }];
}

function checkEnd({ status, finishedAt, runAt }: InspectedRun): Finding[] {
  const terminal = isTerminal(status);
  if (terminal !== (finishedAt !== ''))
    return [{ code: 'terminal_unfinished', detail: `status ${status}, finishedAt "${finishedAt}"` }];
  if (terminal && runAt !== '') return [{ code: 'terminal_unfinished', detail: 'ended, but runAt is set' }];
  return [];
}

function checkAttempt({ attempt, maxAttempts, startedAt }: InspectedRun): Finding[] {
  const number = Number(attempt || 1);
  const most = Number(maxAttempts || 1);
  if (number >= 1 && number <= most && (attempt === '' || startedAt !== '')) return [];
  return [{ code: 'attempt_out_of_range', detail: `attempt "${attempt}" of "${maxAttempts || 1}"` }];
}
