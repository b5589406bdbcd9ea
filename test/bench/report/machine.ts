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
  readonly redis: string;
}

export async function describeMachine(redis: Redis): Promise<Machine> {
  const info = parseInfo(await redis.info('server'));
  const server = info.get('server_name') ?? 'redis';
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    redis: `${server} ${info.get(`${server}_version`) ?? info.get('redis_version') ?? 'unknown'}`,
  };
}
