import type { Codec } from '../core/codec.js';
import { ConfigurationError } from '../core/errors/configuration.error.js';
import { checkInteger, MAX_TIMER_MS } from '../core/names.js';
import { Payloads, type PayloadLimits } from '../core/payloads.js';
import { resolveRetention, type Retention, type RetentionOptions, type RetentionRule } from '../core/retention.js';
import type { Logger } from '../engine/logger.js';
import type { WorkerSettings } from '../engine/worker-options.js';
import type { WorkflowRegistry } from '../engine/workflow-registry.js';
import type { ConnectionOption } from '../redis/connection-options.js';

/** What clients and workers share. */
export interface RedflowOptions {
  readonly connection?: ConnectionOption;
  /** Separates applications and environments in one Redis. Default `REDFLOW_PREFIX`, else `redflow`. */
  readonly prefix?: string;
  /**
   * How long a call waits for a connection to Redis, and then for its answer, in ms. A call that gets no
   * connection in time rejects with a ConnectionError, and nothing was sent. Default 5 000.
   */
  readonly commandTimeoutMs?: number;
  /** Whether a worker that starts warns of settings of the server that endanger runs. Default true. */
  readonly serverChecks?: boolean;
  /** How long finished runs are kept. */
  readonly retention?: RetentionOptions;
  /** Default JSON. All processes of a prefix need the same codec. */
  readonly codec?: Codec;
  readonly limits?: PayloadLimits;
  /** Default: Nest's logger in a Nest application, else `console` for warnings and errors. */
  readonly logger?: Logger;
}

export type ClientOptions = RedflowOptions;

export interface WorkerOptions extends RedflowOptions, WorkerSettings {
  /** The application that owns the workflows: what it no longer registers is removed from Redis. */
  readonly app: string;
  readonly registry: WorkflowRegistry;
}

export interface ResolvedOptions {
  readonly connection: ConnectionOption;
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly retention: Retention;
  readonly payloads: Payloads;
}

const DEFAULT_URL = 'redis://127.0.0.1:6379';
const DEFAULT_PREFIX = 'redflow';

/** Checks shared options and applies the defaults: the only place that knows them. @throws ConfigurationError */
export function resolveOptions(options: RedflowOptions): ResolvedOptions {
  const limits = options.limits ?? {};
  if (limits.payloadBytes !== undefined) checkInteger('limits.payloadBytes', limits.payloadBytes, 1);
  if (limits.payloadDepth !== undefined) checkInteger('limits.payloadDepth', limits.payloadDepth, 1, 1_000);
  checkRetention(options.retention ?? {});
  checkCodec(options.codec);
  return {
    connection: options.connection ?? (process.env['REDIS_URL'] || DEFAULT_URL),
    prefix: checkPrefix(options.prefix ?? (process.env['REDFLOW_PREFIX'] || DEFAULT_PREFIX)),
    commandTimeoutMs: checkInteger('commandTimeoutMs', options.commandTimeoutMs ?? 5_000, 1, MAX_TIMER_MS),
    retention: resolveRetention(options.retention),
    payloads: new Payloads(options.codec, limits),
  };
}

function checkCodec(codec: Codec | undefined): void {
  if (codec === undefined || (typeof codec?.encode === 'function' && typeof codec.decode === 'function')) return;
  throw new ConfigurationError('codec', 'must have the methods encode and decode');
}

function checkPrefix(prefix: unknown): string {
  if (typeof prefix !== 'string' || prefix === '' || /[{}\s]/.test(prefix)) {
    throw new ConfigurationError('prefix', 'must be a non-empty string without braces and white space');
  }
  return prefix;
}

function checkRetention(retention: RetentionOptions): void {
  for (const status of ['succeeded', 'failed', 'canceled'] as const)
    checkRule(`retention.${status}`, retention[status]);
}

function checkRule(option: string, rule: RetentionRule | undefined): void {
  if (rule === undefined || rule === false) return;
  if (typeof rule !== 'object' || rule === null) {
    throw new ConfigurationError(option, 'must be false (for ever) or { ageMs?, count? }');
  }
  for (const key of ['ageMs', 'count'] as const) {
    const value = rule[key];
    if (value !== undefined && value !== Infinity) checkInteger(`${option}.${key}`, value, 0);
  }
}
