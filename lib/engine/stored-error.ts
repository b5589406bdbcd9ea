import type { SerializedError } from '../core/serialized-error.js';

const UNREADABLE: SerializedError = { name: 'Error', message: 'the stored error cannot be read', kind: 'error' };

/** What is in Redis is not trusted: text that is no error gives an error that says so. */
export function parseStoredError(text: string | undefined): SerializedError {
  if (text === undefined) return UNREADABLE;
  try {
    const value: unknown = JSON.parse(text);
    return isSerializedError(value) ? value : UNREADABLE;
  } catch {
    return UNREADABLE;
  }
}

function isSerializedError(value: unknown): value is SerializedError {
  if (typeof value !== 'object' || value === null) return false;
  const { name, message, kind } = value as Partial<Record<keyof SerializedError, unknown>>;
  return typeof name === 'string' && typeof message === 'string' && typeof kind === 'string';
}
