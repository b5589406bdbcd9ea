import type { RetryAfterError } from '../core/errors/retry-after.error.js';
import { backoffDelay, type RetryOptions } from '../core/retry.js';
import { serializeError } from '../core/error-serializer.js';
import type { ErrorKind } from '../core/serialized-error.js';

const FINAL_KINDS: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'validation',
  'unknown_workflow',
  'serialization',
  'canceled',
  'non_retriable',
  'recovery_limit',
]);

/** The delay in ms before the next attempt; `undefined` where there is none. */
export function nextAttemptDelay(
  error: unknown,
  attempt: number,
  maxAttempts: number,
  retries: RetryOptions | undefined,
): number | undefined {
  if (attempt >= maxAttempts || FINAL_KINDS.has(serializeError(error).kind)) return undefined;
  if (isRetryAfter(error)) return Math.round(error.delayMs);
  try {
    return backoffDelay(retries?.backoff, attempt, error);
  } catch {
    // A custom back-off that throws must not cost the attempt.
    return backoffDelay(undefined, attempt, error);
  }
}

// By shape: another installed copy of the package has a class of its own.
function isRetryAfter(error: unknown): error is RetryAfterError {
  return (
    error instanceof Error && error.name === 'RetryAfterError' && 'delayMs' in error && Number.isFinite(error.delayMs)
  );
}
