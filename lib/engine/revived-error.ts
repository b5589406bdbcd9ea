import { ERROR_BRAND } from '../core/errors/redflow.error.js';
import type { SerializedError } from '../core/serialized-error.js';

/** A stored error as an `Error` again, for a handler that is replayed: compare its `name`, `code` or `kind`. */
export function reviveError(stored: SerializedError): Error {
  const cause = stored.cause ? reviveError(stored.cause) : undefined;
  const error = new Error(stored.message, cause ? { cause } : undefined);
  error.name = stored.name;
  if (stored.stack !== undefined) error.stack = stored.stack;
  return Object.assign(
    error,
    { kind: stored.kind, [ERROR_BRAND]: true },
    stored.code === undefined ? {} : { code: stored.code },
  );
}
