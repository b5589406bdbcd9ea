import { RUN_STATUSES, type RunStatus, type TerminalStatus } from '../core/run.js';
import type { StepRecord } from '../core/step.js';
import type { RunRecord, StepOutcome } from '../core/store.js';

/*
 * How runs and steps lie in Redis. In the hash of steps, `s<name>` holds a step's record, `o<name>` the
 * outcome that it awaited, `f` the error of the last attempt while `onFailure` is still to run.
 */
export const FAILURE_FIELD = 'f';

export const stepField = (name: string): string => `s${name}`;

type Fields = Record<string, string>;

export function toFields(flat: readonly string[]): Fields {
  const fields: Fields = Object.create(null) as Fields;
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string;
  return fields;
}

/** `undefined` for a hash that is no run. */
export function toRunRecord(id: string, fields: Fields): RunRecord | undefined {
  const { status, workflow, queue, createdAt } = fields;
  if (!isStatus(status) || workflow === undefined || queue === undefined || createdAt === undefined) return undefined;
  return {
    id,
    workflow,
    queue,
    status,
    input: wholeText(fields, 'input'),
    output: wholeText(fields, 'output'),
    error: fields['error'],
    attempt: Number(fields['attempt'] ?? (fields['startedAt'] === undefined ? 0 : 1)),
    maxAttempts: Number(fields['maxAttempts'] ?? 1),
    createdAt: Number(createdAt),
    startedAt: optionalNumber(fields['startedAt']),
    finishedAt: optionalNumber(fields['finishedAt']),
    runAt: optionalNumber(fields['runAt']),
    cancelRequestedAt: optionalNumber(fields['cancelRequestedAt']),
    cancelReason: fields['cancelReason'],
    idempotencyKey: fields['idempotencyKey'],
    parentRunId: fields['parentRunId'],
  };
}

/** A text that may lie in pieces: see `lua/include/long-text.lua`. */
function wholeText(fields: Fields, name: string): string | undefined {
  let text = fields[name];
  for (let piece = 1; fields[`${name}${piece}`] !== undefined; piece++) text += fields[`${name}${piece}`] as string;
  return text;
}

const ABSENT = '-';

/**
 * A header line, then the payload as it is: what is encoded is not encoded again. The header has kind, status, seq,
 * attempts, startedAt, finishedAt, runAttempt and child id, between them spaces; `-` stands for what is not there.
 */
export function encodeStep(step: StepRecord): string {
  const { kind, status, seq, attempts, startedAt, finishedAt, runAttempt, childId, payload = '' } = step;
  const times = `${attempts} ${startedAt} ${finishedAt ?? ABSENT}`;
  return `${kind} ${status} ${seq} ${times} ${runAttempt ?? ABSENT} ${childId ?? ABSENT}\n${payload}`;
}

const HEADER = /^(step|workflow|emit) (running|succeeded|failed) (\d+) (\d+) (\d+) (\d+|-) (\d+|-) (\S+)$/;

/** `undefined` for a line that is no header. */
export function decodeStepHeader(name: string, line: string): StepRecord | undefined {
  const parts = HEADER.exec(line);
  if (!parts) return undefined;
  const [, kind, status, seq, attempts, startedAt, finishedAt, runAttempt, childId] = parts as string[];
  return {
    name,
    kind: kind as StepRecord['kind'],
    status: status as StepRecord['status'],
    seq: Number(seq),
    attempts: Number(attempts),
    startedAt: Number(startedAt),
    ...(finishedAt === ABSENT ? {} : { finishedAt: Number(finishedAt) }),
    ...(runAttempt === ABSENT ? {} : { runAttempt: Number(runAttempt) }),
    ...(childId === ABSENT ? {} : { childId }),
  };
}

function decodeStep(name: string, text: string): StepRecord | undefined {
  const end = text.indexOf('\n');
  const step = decodeStepHeader(name, text.slice(0, end));
  const payload = text.slice(end + 1);
  return step && payload !== '' ? { ...step, payload } : step;
}

export interface History {
  readonly steps: StepRecord[];
  readonly outcomes: (StepOutcome & { readonly at: number })[];
  readonly failure?: string;
}

/** What cannot be read is left out: the step is executed again rather than trusted. */
export function toHistory(fields: Fields): History {
  const steps: StepRecord[] = [];
  const outcomes: History['outcomes'] = [];
  for (const [field, value] of Object.entries(fields)) {
    const name = field.slice(1);
    if (field.startsWith('s')) {
      const step = decodeStep(name, value);
      if (step) steps.push(step);
    } else if (field.startsWith('o')) {
      outcomes.push(toOutcome(name, value));
    }
  }
  return { steps, outcomes, failure: fields[FAILURE_FIELD] };
}

/** An outcome is stored as `<status> <time>\n<payload>`. */
export function toOutcome(step: string, text: string): StepOutcome & { readonly at: number } {
  const end = text.indexOf('\n');
  const [status, at] = text.slice(0, end).split(' ') as [TerminalStatus, string];
  return { step, status, at: Number(at), payload: text.slice(end + 1) || undefined };
}

export function isStatus(status: string | undefined): status is RunStatus {
  return RUN_STATUSES.includes(status as RunStatus);
}

export function optionalNumber(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : Number(text);
}
