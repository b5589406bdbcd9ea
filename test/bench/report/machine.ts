import { cpus, totalmem, type, release } from 'node:os';
import type { Redis } from 'ioredis';
import { parseInfo } from '../redis-counters.js';

/** On what the figures were measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /** With how it keeps its data. */
  readonly redis: string;
}

export async function describeMachine(redis: Redis): Promise<Machine> {
  const info = parseInfo(await redis.info('server'));
  const server = info.get('server_name') ?? 'redis';
  const [, appendOnly] = await redis.config('GET', 'appendonly');
  const [, fsync] = await redis.config('GET', 'appendfsync');
  const version = info.get(`${server}_version`) ?? info.get('redis_version') ?? 'unknown';
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    redis: `${server} ${version} ${appendOnly === 'yes' ? `with AOF ${fsync}` : 'without persistence'}`,
  };
}
