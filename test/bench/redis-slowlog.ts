import type { Redis } from 'ioredis';
import { SCRIPT_COMMANDS } from './redis-counters.js';

// Low enough for the longest script of any workload, high enough for noting to cost nothing.
const THRESHOLD_US = 100;
const LENGTH = 100_000;

type SlowlogEntry = readonly [id: number, at: number, us: number, args: readonly string[], ...rest: unknown[]];

/** Notes the longest script while `work` goes on, in µs; NaN where all were too short to be noted. */
export async function watchScripts<T>(redis: Redis, work: () => Promise<T>): Promise<{ longest: number; result: T }> {
  const [, before = ''] = await redis.config('GET', 'slowlog-log-slower-than');
  await redis.config('SET', 'slowlog-log-slower-than', THRESHOLD_US, 'slowlog-max-len', LENGTH);
  await redis.slowlog('RESET');
  try {
    const result = await work();
    return { longest: await longestScript(redis), result };
  } finally {
    await redis.config('SET', 'slowlog-log-slower-than', before);
  }
}

async function longestScript(redis: Redis): Promise<number> {
  const entries = (await redis.slowlog('GET', LENGTH)) as readonly SlowlogEntry[];
  const scripts = entries.filter(([, , , [command = '']]) => SCRIPT_COMMANDS.includes(command.toLowerCase()));
  return scripts.length === 0 ? NaN : Math.max(...scripts.map(([, , us]) => us));
}
