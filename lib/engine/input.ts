import type { z } from 'zod';
import { ValidationError } from '../core/errors/validation.error.js';
import type { Payloads } from '../core/payloads.js';

/**
 * Encodes the input of a run. Where the schema is at hand the input is checked first, and as it will
 * come back from storage: what a worker could not parse is refused here.
 *
 * @throws ValidationError, SerializationError
 */
export async function encodeInput(
  payloads: Payloads,
  workflow: string,
  schema: z.ZodType | undefined,
  input: unknown,
): Promise<string | undefined> {
  const subject = `input of workflow "${workflow}"`;
  const text = payloads.encode(subject, input);
  if (schema) await parseWith(schema, subject, payloads.decode(subject, text));
  return text;
}

/** @throws ValidationError that lists path and problem, never the value */
export async function parseWith(schema: z.ZodType, subject: string, value: unknown): Promise<unknown> {
  const parsed = await schema.safeParseAsync(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || '(root)'}: ${message}`,
  );
  throw new ValidationError(`${subject} is not valid: ${issues.join('; ')}`);
}
