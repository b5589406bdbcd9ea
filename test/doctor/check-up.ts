import { examine, type DoctorReport, type ExamineOptions } from '@redflow/nestjs';
import { keysOf, type TestRedis } from '../support/redis.js';

/** What the doctor says of the prefix of the test. */
export function checkUp(redis: TestRedis, options: ExamineOptions = {}): Promise<DoctorReport> {
  return examine({ ...redis.options, commandTimeoutMs: 20_000, ...options });
}

/** Violations as `code subject`, sorted. */
export function linesOf({ violations }: DoctorReport): string[] {
  return violations.map(({ code, subject }) => `${code} ${subject}`).sort();
}

/** The codes that were found, each once, sorted. */
export function codesOf({ violations }: DoctorReport): string[] {
  return [...new Set(violations.map(({ code }) => code))].sort();
}

/** Every key under the prefix of the test with its content, byte for byte. */
export async function dumpOf({ commands, prefix }: TestRedis): Promise<Record<string, string>> {
  const dump: Record<string, string> = {};
  for (const key of await keysOf(commands, prefix)) {
    dump[key] = (await commands.dumpBuffer(key))?.toString('base64') ?? '';
  }
  return dump;
}
