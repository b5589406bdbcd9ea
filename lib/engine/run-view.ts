import type { Payloads } from '../core/payloads.js';
import type { RunState } from '../core/run.js';
import type { StepRecord, StepState } from '../core/step.js';
import type { RunRecord } from '../core/store.js';
import { parseStoredError } from './stored-error.js';

export function toRunState(record: RunRecord, payloads: Payloads): RunState {
  const decode = (what: string, text: string | undefined): unknown =>
    readable(() => payloads.decode(`${what} of run ${record.id}`, text));
  return {
    id: record.id,
    workflow: record.workflow,
    queue: record.queue,
    status: record.status,
    input: decode('input', record.input),
    output: decode('output', record.output),
    error: record.error === undefined ? undefined : parseStoredError(record.error),
    attempt: record.attempt,
    maxAttempts: record.maxAttempts,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    runAt: record.runAt,
    cancelRequestedAt: record.cancelRequestedAt,
    cancelReason: record.cancelReason,
    idempotencyKey: record.idempotencyKey,
    parentRunId: record.parentRunId,
  };
}

export function toStepState(record: StepRecord, payloads: Payloads): StepState {
  const succeeded = record.status === 'succeeded';
  return {
    name: record.name,
    status: record.status,
    seq: record.seq,
    output: succeeded ? outputOf(record, payloads) : undefined,
    error: record.status === 'failed' ? parseStoredError(record.payload) : undefined,
    attempts: record.attempts,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
  };
}

function outputOf(record: StepRecord, payloads: Payloads): unknown {
  if (record.kind === 'emit') return record.childId;
  return readable(() => payloads.decode(`output of step "${record.name}"`, record.payload));
}

// One payload that another codec has written, or that is corrupt, must not hide the run, nor a whole page of
// them. Who needs the value itself, a handler or `result()`, gets the error.
function readable(decode: () => unknown): unknown {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
