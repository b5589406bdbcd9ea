import { ConfigurationError } from './errors/configuration.error.js';

const MAX_NAME_BYTES = 65_536;

/** The longest time that a timer can wait, in ms: a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Names and keys are data: any well-formed Unicode, `:` and the empty string included, up to 64 KiB.
 *
 * @throws ConfigurationError that names `option`
 */
export function checkName(option: string, name: unknown): string {
  if (typeof name !== 'string') throw new ConfigurationError(option, `must be a string, got ${describe(name)}`);
  if (!name.isWellFormed())
    throw new ConfigurationError(option, 'must be well-formed Unicode (it has a lone surrogate)');
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_NAME_BYTES)
    throw new ConfigurationError(option, `must have at most ${MAX_NAME_BYTES} bytes, has ${bytes}`);
  return name;
}

/** @throws ConfigurationError that names `option` */
export function checkInteger(option: string, value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new ConfigurationError(option, `must be an integer ${range}, got ${describe(value)}`);
  }
  return value as number;
}

function describe(value: unknown): string {
  return typeof value === 'number' || value === undefined || value === null ? String(value) : `a ${typeof value}`;
}
