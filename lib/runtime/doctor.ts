import { checkInteger } from '../core/names.js';
import type { DoctorReport } from '../redis/doctor/violation.js';
import { RedisStore } from '../redis/redis-store.js';
import { resolveOptions, type RedflowOptions } from './options.js';

export type { DoctorReport };

export interface ExamineOptions extends Pick<
  RedflowOptions,
  'connection' | 'prefix' | 'commandTimeoutMs' | 'retention'
> {
  /**
   * Puts right what is provably safe: indexes that disagree with the hash of a run, entries of runs that are
   * gone, leases and plans that are missing, outcomes that were not delivered, runs that no worker would ever
   * find. What cannot be read, and what takes a decision, is only reported. Default `false`: reads only.
   */
  readonly repair?: boolean;
  /** A lease that expired so many ms ago and was not recovered is a violation. Default 30 000. */
  readonly leaseGraceMs?: number;
}

/**
 * Checks the invariants of a prefix, live or quiet: every run is where its status says and nowhere else, running
 * runs have leases, queued runs can be found, what waiting runs wait for will come, slots are within their limits
 * and used, steps can be read, triggers are planned, nothing is left over. The work per call to Redis is bounded;
 * payloads never leave Redis, except for those of steps of runs with very many steps.
 *
 * `retention`: that of the workers. With `false` for a status finished runs need no time of removal.
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
