import { isTerminal } from '../../core/run.js';
import { isStatus } from '../records.js';
import type { ViolationCode } from './violation.js';

/** What the keyspace says of a run as of one instant: the reply of `inspect-runs`. */
export interface InspectedRun {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly workflow: string;
  readonly queue: string;
  readonly createdAt: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly runAt: string;
  readonly token: string;
  readonly created: string;
  readonly lease: string;
  readonly scheduled: string;
  readonly parked: string;
  readonly expiring: string;
  readonly indexes: string;
  readonly children: number;
  readonly activeChildren: number;
  readonly now: number;
}

export interface Finding {
  readonly code: ViolationCode;
  readonly detail: string;
}

export interface RunCheckOptions {
  /** An expired lease that nobody has recovered after so many ms is a violation. */
  readonly leaseGraceMs: number;
  /** Whether finished runs must have a time at which they are removed. */
  readonly retentionExpected: boolean;
}

export function toInspectedRun(id: string, row: readonly (string | number)[]): InspectedRun {
  const [type, status, workflow, queue, createdAt, startedAt, finishedAt, attempt, maxAttempts, runAt, token] =
    row as string[];
  const [created, lease, scheduled, parked, expiring, indexes] = row.slice(11) as string[];
  const [children, activeChildren, now] = row.slice(17);
  return {
    ...{ id, type, status, workflow, queue, createdAt, startedAt, finishedAt, runAt, token },
    ...{ created, lease, scheduled, parked, expiring, indexes },
    attempt: Number(attempt || 0),
    maxAttempts: Number(maxAttempts || 1),
    children: Number(children),
    activeChildren: Number(activeChildren),
    now: Number(now),
  } as InspectedRun;
}

/** Every invariant of a single run; whether a queued run is in a list is checked apart. */
export function checkRun(run: InspectedRun, options: RunCheckOptions): Finding[] {
  if (run.type !== 'hash' || !isStatus(run.status) || !run.workflow || !run.queue || !run.createdAt) {
    return [{ code: 'corrupt_run', detail: `type ${run.type}, status "${run.status}"` }];
  }
  return [
    ...checkIndexes(run),
    ...checkLease(run, options),
    ...checkPlace(run),
    ...checkEnd(run, options),
    ...checkAttempt(run),
  ];
}

function checkIndexes(run: InspectedRun): Finding[] {
  const findings: Finding[] = [];
  if (run.created === '') findings.push({ code: 'unindexed_run', detail: 'not in runs:created' });
  if (run.indexes !== run.status) {
    findings.push({
      code: 'wrong_index',
      detail: `status ${run.status}, but in the index of: ${run.indexes || 'none'}`,
    });
  }
  return findings;
}

function checkLease(run: InspectedRun, { leaseGraceMs }: RunCheckOptions): Finding[] {
  if (run.status !== 'running') {
    return run.lease === '' ? [] : [{ code: 'lease_unexpected', detail: `status ${run.status} with a lease` }];
  }
  if (run.lease === '') return [{ code: 'lease_missing', detail: 'running without a lease: nobody would recover it' }];
  const overdueMs = run.now - Number(run.lease);
  if (overdueMs <= leaseGraceMs) return [];
  return [{ code: 'lease_expired', detail: `expired ${overdueMs} ms ago, and not recovered: does a worker run?` }];
}

function checkPlace(run: InspectedRun): Finding[] {
  if (run.status === 'scheduled' && run.scheduled === '')
    return [{ code: 'schedule_missing', detail: 'scheduled without a due time' }];
  if (run.status !== 'queued' && run.parked !== '')
    return [{ code: 'wrong_index', detail: `status ${run.status}, but parked` }];
  if (run.status === 'waiting' && run.scheduled === '' && run.activeChildren === 0 && run.children < 100) {
    return [{ code: 'waiting_forever', detail: 'waiting, but no child is active and no time is set' }];
  }
  return [];
}

function checkEnd(run: InspectedRun, { retentionExpected }: RunCheckOptions): Finding[] {
  const terminal = isStatus(run.status) && isTerminal(run.status);
  if (terminal !== (run.finishedAt !== '')) {
    return [{ code: 'terminal_unfinished', detail: `status ${run.status}, finishedAt "${run.finishedAt}"` }];
  }
  if (terminal && run.runAt !== '') return [{ code: 'terminal_unfinished', detail: 'ended, but runAt is set' }];
  if (terminal && retentionExpected && run.expiring === '')
    return [{ code: 'not_expiring', detail: 'ended, but would be kept for ever' }];
  if (!terminal && run.expiring !== '')
    return [{ code: 'wrong_index', detail: `status ${run.status}, but to be removed` }];
  return [];
}

function checkAttempt({ attempt, maxAttempts, startedAt }: InspectedRun): Finding[] {
  const lowest = startedAt === '' ? 0 : 1;
  if (attempt >= lowest && attempt <= maxAttempts) return [];
  return [{ code: 'attempt_out_of_range', detail: `attempt ${attempt} of ${maxAttempts}` }];
}
