import { Redis } from 'ioredis';
import { eventually } from '../../support/eventually.js';
import { Random } from '../../support/random.js';
import { WorkerProcess } from './support/worker-process.js';
import type { TickPoint, WorkerOrder } from './support/worker-order.js';

export interface CronResult {
  readonly seed: number;
  /** Ticks at which the process that fired was killed or frozen, by moment and signal. */
  readonly struck: Readonly<Record<string, number>>;
  /** Ticks that were planned and have passed. */
  readonly ticks: number;
  readonly runs: number;
  /** Late calls of frozen leaders, by what the store said to them. */
  readonly late: Readonly<Record<string, number>>;
}

const POOL = 3;
const POLL_MS = 15;
const PATIENCE_MS = 60_000;
const STRIKES: readonly { onTick: TickPoint; signal: 'SIGKILL' | 'SIGSTOP' }[] = [
  { onTick: 'before_agenda', signal: 'SIGKILL' },
  { onTick: 'before_tick', signal: 'SIGKILL' },
  { onTick: 'tick_sent', signal: 'SIGKILL' },
  { onTick: 'tick_done', signal: 'SIGKILL' },
  { onTick: 'before_tick', signal: 'SIGSTOP' },
];

/**
 * A trigger that ticks every second, and processes that are killed, or frozen until another has taken over,
 * at the very moment at which they fire it. Counts the ticks that were planned, and the runs that came of them.
 */
export async function strikeLeaders(
  options: { connection: string; prefix: string; strikes: number; seed: number },
  onProgress: (text: string) => void = () => undefined,
): Promise<CronResult> {
  const { connection, prefix, strikes, seed } = options;
  const redis = new Redis(connection);
  const random = new Random(seed);
  const pool = new WorkerPool({ connection, prefix, workflows: ['ticking'] });
  const audit = watchPlan(redis, `{${prefix}}:cron:next`);
  const struck: Record<string, number> = {};
  try {
    await pool.fill();
    await eventually(() => audit.ticks.size > 1, PATIENCE_MS);
    for (let i = 0; i < strikes; i++) {
      const strike = STRIKES[
        i < STRIKES.length ? i : random.between(0, STRIKES.length - 1)
      ] as (typeof STRIKES)[number];
      await pool.strike(strike, audit.ticks);
      const name = `${strike.signal} ${strike.onTick}`;
      struck[name] = (struck[name] ?? 0) + 1;
      onProgress(`${i + 1} of ${strikes}: ${name}`);
    }
    await pool.thawAll();
    const seen = audit.ticks.size;
    await eventually(() => audit.ticks.size > seen, PATIENCE_MS);
    await pool.stop();
    await audit.stop();
    const runs = await redis.zcard(`{${prefix}}:runs:created`);
    // The last tick that was seen is planned, and has not fired.
    return { seed, struck, ticks: audit.ticks.size - 1, runs, late: pool.late };
  } finally {
    await audit.stop();
    await pool.kill();
    redis.disconnect();
  }
}

/** Notes each time for which the trigger was planned; each stays for about a second. */
function watchPlan(redis: Redis, key: string): { readonly ticks: ReadonlySet<number>; stop(): Promise<void> } {
  const ticks = new Set<number>();
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      const [, plannedAt] = await redis.zrange(key, '0', '0', 'WITHSCORES');
      if (Number(plannedAt) > 0) ticks.add(Number(plannedAt));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  })();
  return {
    ticks,
    stop: () => ((isOver = true), loop),
  };
}

class WorkerPool {
  readonly late: Record<string, number> = {};
  #workers: WorkerProcess[] = [];
  readonly #frozen: WorkerProcess[] = [];

  constructor(private readonly order: WorkerOrder) {}

  async fill(): Promise<void> {
    const missing = Array.from({ length: POOL - this.#workers.length }, () => WorkerProcess.start(this.order));
    this.#workers.push(...(await Promise.all(missing)));
  }

  /** Resolves once a process was struck, and the tick was planned anew by whoever was left. */
  async strike(strike: (typeof STRIKES)[number], ticks: ReadonlySet<number>): Promise<void> {
    for (const worker of this.#workers) worker.command(strike);
    const victim = await eventually(() => this.#workers.find((worker) => worker.isStruck(strike.signal)), PATIENCE_MS);
    for (const worker of this.#workers) if (worker !== victim) worker.command('calm');
    const seen = ticks.size;
    // Others may have met the same end at the same tick.
    this.#workers = this.#workers.filter((worker) => worker !== victim && !worker.hasExited);
    if (strike.signal === 'SIGSTOP') this.#frozen.push(victim);
    await this.fill();
    await eventually(() => ticks.size > seen, PATIENCE_MS);
    await this.thawAll();
  }

  /** Lets frozen leaders go on, and notes what their late call came to. */
  async thawAll(): Promise<void> {
    for (const worker of this.#frozen.splice(0)) {
      const before = worker.heard('tick').length;
      worker.signal('SIGCONT');
      const told = await worker.whenHeard('tick', before + 1);
      const result = told[before]?.detail ?? '';
      this.late[result] = (this.late[result] ?? 0) + 1;
      await worker.kill();
    }
  }

  async stop(): Promise<void> {
    for (const worker of this.#workers) worker.signal('SIGTERM');
    await Promise.all(this.#workers.map((worker) => worker.whenExited()));
  }

  async kill(): Promise<void> {
    await Promise.all([...this.#workers, ...this.#frozen].map((worker) => worker.kill()));
  }
}
