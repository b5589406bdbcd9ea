import type { ErrorKind, SerializedError } from './serialized-error.js';
import { ERROR_BRAND } from './errors/redflow.error.js';

const MAX_MESSAGE_CHARS = 8_192;
const MAX_STACK_CHARS = 8_192;
const MAX_CAUSES = 5;

/**
 * Whatever was thrown, as it is stored. Never throws: a value that cannot be read (a Proxy that
 * throws, a getter that fails) still gives an error that says so. Only the listed fields are taken,
 * so that what hangs on an error object (request, credentials, command arguments) is not stored.
 */
export function serializeError(thrown: unknown, causesLeft = MAX_CAUSES): SerializedError {
  try {
    return isError(thrown) ? fromError(thrown, causesLeft) : fromValue(thrown);
  } catch {
    return { name: 'Error', message: 'a value was thrown that cannot be read', kind: 'error' };
  }
}

function isError(thrown: unknown): thrown is Error {
  return (
    thrown instanceof Error ||
    (typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'name' in thrown)
  );
}

function fromError(error: Error, causesLeft: number): SerializedError {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return {
    name: clip(String(error.name), 256),
    message: clip(String(error.message), MAX_MESSAGE_CHARS),
    kind: kindOf(error),
    ...(typeof error.stack === 'string' ? { stack: clip(error.stack, MAX_STACK_CHARS) } : {}),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(cause === undefined || causesLeft === 0 ? {} : { cause: serializeError(cause, causesLeft - 1) }),
  };
}

// By a mark, not by the field alone: user code has errors with a `kind` of its own.
function kindOf(error: Error): ErrorKind {
  const { kind, [ERROR_BRAND]: branded } = error as { kind?: unknown; [ERROR_BRAND]?: boolean };
  return branded === true && typeof kind === 'string' && ERROR_KINDS.has(kind) ? (kind as ErrorKind) : 'error';
}

const ERROR_KINDS: ReadonlySet<string> = new Set<ErrorKind>([
  'validation',
  'unknown_workflow',
  'serialization',
  'canceled',
  'timeout',
  'non_retriable',
  'recovery_limit',
  'error',
]);

function fromValue(thrown: unknown): SerializedError {
  return { name: 'NonError', message: clip(describe(thrown), MAX_MESSAGE_CHARS), kind: 'error' };
}

function describe(thrown: unknown): string {
  switch (typeof thrown) {
    case 'string':
      return thrown;
    case 'bigint':
      return `${thrown}n`;
    case 'function':
      return `a function was thrown: ${thrown.name || 'anonymous'}`;
    case 'object':
      return thrown === null ? 'null' : describeObject(thrown);
    default:
      return String(thrown);
  }
}

function describeObject(thrown: object): string {
  try {
    return JSON.stringify(thrown) ?? Object.prototype.toString.call(thrown);
  } catch {
    return `an object was thrown that cannot be serialized: ${Object.prototype.toString.call(thrown)}`;
  }
}

function clip(text: string, max: number): string {
  return (text.length <= max ? text : `${text.slice(0, max)}…`).toWellFormed();
}
