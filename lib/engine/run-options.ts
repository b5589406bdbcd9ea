import { ConfigurationError } from '../core/errors/configuration.error.js';
import type { Journaled } from '../core/journaled.js';
import { checkInteger, checkName } from '../core/names.js';
import type { NewRun } from '../core/store.js';
import type { RunHandle } from './run-handle.js';
import type { WorkflowInput, WorkflowOutput, WorkflowReference } from './workflow.js';

const DEFAULT_IDEMPOTENCY_TTL_MS = 7 * 86_400_000;
const MAX_DATE_MS = 8.64e15;

export interface RunOptions {
  /** Starting twice with one key gives the same run. */
  readonly idempotencyKey?: string;
  /** How long the key is kept, in ms. Default 7 days. */
  readonly idempotencyTtlMs?: number;
  /** `reject`: with the key but another input, throw IdempotencyConflictError. Default: the first run is given. */
  readonly onConflict?: 'reject';
  /** Not before this time: a `Date` or ms since the epoch. */
  readonly runAt?: Date | number;
  /** Not before so many ms from now. Not together with `runAt`. */
  readonly delayMs?: number;
  /** Instead of the queue of the workflow. */
  readonly queue?: string;
  /** Instead of `retries.maxAttempts` of the workflow. */
  readonly maxAttempts?: number;
}

/** One entry of `RedflowClient.runMany`. */
export type RunRequest<W extends WorkflowReference = WorkflowReference> = {
  readonly workflow: W;
  readonly options?: RunOptions;
} & (undefined extends WorkflowInput<W> ? { readonly input?: WorkflowInput<W> } : { readonly input: WorkflowInput<W> });

/** The handles of `RedflowClient.runMany`, each typed from the workflow of its request. */
export type RunHandles<Ws extends readonly WorkflowReference[]> = {
  -readonly [I in keyof Ws]: RunHandle<Journaled<WorkflowOutput<Ws[I]>>>;
};

/** @throws ConfigurationError */
export function idempotency(options: RunOptions): Pick<NewRun, 'idempotencyKey' | 'idempotencyTtlMs'> {
  if (options.onConflict !== undefined && options.onConflict !== 'reject') {
    throw new ConfigurationError('onConflict', 'must be "reject" or absent');
  }
  if (options.idempotencyKey === undefined) return {};
  return {
    idempotencyKey: checkName('idempotencyKey', options.idempotencyKey),
    idempotencyTtlMs: checkInteger(
      'idempotencyTtlMs',
      options.idempotencyTtlMs ?? DEFAULT_IDEMPOTENCY_TTL_MS,
      1,
      MAX_DATE_MS,
    ),
  };
}

/** @throws ConfigurationError */
export function startTime(options: RunOptions): Pick<NewRun, 'runAt' | 'delayMs'> {
  if (options.runAt !== undefined && options.delayMs !== undefined) {
    throw new ConfigurationError('runAt', 'cannot be given together with delayMs');
  }
  if (options.delayMs !== undefined) return { delayMs: checkInteger('delayMs', options.delayMs, 0, MAX_DATE_MS) };
  if (options.runAt === undefined) return {};
  const at = options.runAt instanceof Date ? options.runAt.getTime() : options.runAt;
  if (Number.isNaN(at)) throw new ConfigurationError('runAt', 'is not a valid date');
  return { runAt: checkInteger('runAt', at, 0, MAX_DATE_MS) };
}
