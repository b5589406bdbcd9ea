import { checkInteger } from '../core/names.js';
import type { DoctorReport } from '../redis/doctor/violation.js';
import { RedisStore } from '../redis/redis-store.js';
import { resolveOptions, type RedflowOptions } from './options.js';

export interface ExamineOptions extends Pick<
  RedflowOptions,
  'connection' | 'prefix' | 'commandTimeoutMs' | 'retention'
> {
  /**
   * Puts right what is provably safe: indexes that disagree with a run, entries of runs that are gone,
   * runs that no worker would ever find. Default `false`: reads only.
   */
  readonly repair?: boolean;
  /** A lease that expired so many ms ago and was not recovered is a violation. Default 30 000. */
  readonly leaseGraceMs?: number;
}

/**
 * Checks the invariants of a prefix: status and indexes agree, running runs have leases, every queued run
 * can be found, slots are within their limits, nothing is left over. For a live or a quiet prefix; the work
 * per call to Redis is bounded.
 *
 * @throws ConfigurationError, ConnectionError
 */
export async function examine(options: ExamineOptions = {}): Promise<DoctorReport> {
  const { connection, prefix, commandTimeoutMs, retention } = resolveOptions(options);
  const leaseGraceMs = checkInteger('leaseGraceMs', options.leaseGraceMs ?? 30_000, 0);
  const retentionExpected = Object.values(retention).every(({ ageMs }) => Number.isFinite(ageMs));
  const store = new RedisStore({ connection, prefix, commandTimeoutMs });
  try {
    return await store.examine({ repair: options.repair === true, leaseGraceMs, retentionExpected });
  } finally {
    await store.close();
  }
}
