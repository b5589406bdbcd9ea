import { ConfigurationError } from './errors/configuration.error.js';
import { checkInteger } from './names.js';

/**
 * How long to wait before the next attempt.
 *
 * `exponential` draws uniformly from [0, min(maxMs, delayMs * factor^(attempt-1))]: "full jitter",
 * after Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 */
export type Backoff =
  | {
      readonly type: 'exponential';
      /** Upper bound of the first delay in ms. Default 1 000. */
      readonly delayMs?: number;
      /** Growth per attempt. Default 2. */
      readonly factor?: number;
      /** Cap of every delay in ms. Default 300 000 (5 minutes). */
      readonly maxMs?: number;
    }
  | { readonly type: 'fixed'; /** The delay in ms. */ readonly delayMs: number }
  | {
      readonly type: 'custom';
      /** Gets the attempt that failed (from 1) and its error; gives the delay in ms. */
      readonly delay: (attempt: number, error: unknown) => number;
      /** Cap of every delay in ms. Default 300 000 (5 minutes). */
      readonly maxMs?: number;
    };

export interface RetryOptions {
  /** Executions in all, the first one included. Default 1: no retry. */
  readonly maxAttempts?: number;
  /** Default: exponential with full jitter. */
  readonly backoff?: Backoff;
}

/** @throws ConfigurationError that names the option, under `path` */
export function checkRetries(path: string, retries: RetryOptions): void {
  if (typeof retries !== 'object' || retries === null) {
    throw new ConfigurationError(path, 'must be an object { maxAttempts?, backoff? }');
  }
  if (retries.maxAttempts !== undefined) checkInteger(`${path}.maxAttempts`, retries.maxAttempts, 1);
  if (retries.backoff !== undefined) checkBackoff(`${path}.backoff`, retries.backoff);
}

function checkBackoff(path: string, backoff: Backoff): void {
  const checkMs = (key: string, ms: number | undefined): unknown =>
    ms === undefined || checkInteger(`${path}.${key}`, ms, 0);
  switch (backoff?.type) {
    case 'fixed':
      checkInteger(`${path}.delayMs`, backoff.delayMs, 0);
      break;
    case 'custom':
      if (typeof backoff.delay !== 'function') throw new ConfigurationError(`${path}.delay`, 'must be a function');
      checkMs('maxMs', backoff.maxMs);
      break;
    case 'exponential':
      checkMs('delayMs', backoff.delayMs);
      checkMs('maxMs', backoff.maxMs);
      if (backoff.factor !== undefined && !(Number.isFinite(backoff.factor) && backoff.factor >= 1)) {
        throw new ConfigurationError(`${path}.factor`, 'must be a finite number of at least 1');
      }
      break;
    default:
      throw new ConfigurationError(`${path}.type`, 'must be exponential, fixed or custom');
  }
}

const DEFAULT_DELAY_MS = 1_000;
const DEFAULT_FACTOR = 2;
const DEFAULT_MAX_MS = 300_000;

/** The delay in ms before the attempt that follows `attempt` (counted from 1). */
export function backoffDelay(backoff: Backoff | undefined, attempt: number, error: unknown): number {
  const delay = rawDelay(backoff ?? { type: 'exponential' }, attempt, error);
  return Number.isFinite(delay) && delay > 0 ? Math.round(delay) : 0;
}

function rawDelay(backoff: Backoff, attempt: number, error: unknown): number {
  switch (backoff.type) {
    case 'fixed':
      return backoff.delayMs;
    case 'custom':
      return Math.min(backoff.delay(attempt, error), backoff.maxMs ?? DEFAULT_MAX_MS);
    case 'exponential': {
      const grown = (backoff.delayMs ?? DEFAULT_DELAY_MS) * (backoff.factor ?? DEFAULT_FACTOR) ** (attempt - 1);
      return Math.random() * Math.min(grown, backoff.maxMs ?? DEFAULT_MAX_MS);
    }
  }
}
