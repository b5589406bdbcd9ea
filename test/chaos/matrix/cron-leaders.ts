import { Redis } from 'ioredis';
import { examine } from '../../../lib/index.js';
import { Random } from '../../support/random.js';
import { CronLane, type Strike } from './cron-lane.js';
import type { TickPoint, TickStrike } from './support/worker-order.js';
import { TICKING } from './support/workflows.js';

export interface CronOptions {
  readonly connection: string;
  readonly prefix: string;
  readonly seed: number;
  /** Leaders to kill, over all lanes. */
  readonly kills: number;
  /** Prefixes in which this goes on at the same time: in each, a dead leader keeps the leadership for 5 s. */
  readonly lanes: number;
}

export interface CronResult {
  readonly seed: number;
  /** How often the process that held the leadership was killed or frozen, by signal and moment. */
  readonly struck: Readonly<Record<string, number>>;
  readonly kills: number;
  /** Ticks that were planned for the second in which a leader was killed. */
  readonly ticksOfKills: number;
  /** From the tick until the end of its leader was noticed: half of them are faster, none is slower. */
  readonly killedAfterMs: { readonly median: number; readonly most: number };
  /** All ticks that are over, and those of them that gave no run or several. */
  readonly ticks: number;
  readonly wrong: readonly string[];
  /** Runs that exist. */
  readonly runs: number;
  readonly violations: readonly string[];
  /** Late calls of frozen leaders, by what the store said to them. */
  readonly late: Readonly<Record<string, number>>;
}

const KILLS: readonly TickPoint[] = ['before_agenda', 'before_tick', 'tick_sent', 'tick_done'];
/** After so many kills a leader is frozen until others have taken its tick. */
const KILLS_PER_FREEZE = 5;

/**
 * Triggers that tick every second, and processes that are killed, or frozen until another has taken over,
 * at the very moment at which they fire. Looks what each tick that was planned has given.
 */
export async function strikeLeaders(
  options: CronOptions,
  onProgress: (text: string) => void = () => undefined,
): Promise<CronResult> {
  const redis = new Redis(options.connection);
  const random = new Random(options.seed);
  const prefixes = Array.from({ length: options.lanes }, (_, i) => `${options.prefix}-${i}`);
  const lanes: CronLane[] = [];
  const tally = new Tally();
  try {
    for (const prefix of prefixes) lanes.push(await CronLane.start(redis, options.connection, prefix));
    const strikes = schedule(options.kills, random);
    const goOn = async (lane: CronLane): Promise<void> => {
      for (let next = strikes.shift(); next; next = strikes.shift()) {
        onProgress(tally.add(next, await lane.strike(next)));
      }
      await lane.stop();
    };
    await Promise.all(lanes.map(goOn));
    return { seed: options.seed, ...tally.figures(), ...(await audit(redis, options.connection, prefixes, lanes)) };
  } finally {
    await Promise.all(lanes.map((lane) => lane.kill()));
    redis.disconnect();
  }
}

function schedule(kills: number, random: Random): TickStrike[] {
  return Array.from({ length: kills }, (_, i) => {
    const onTick = KILLS[i % KILLS.length] as TickPoint;
    const passes = onTick === 'before_agenda' ? 0 : random.below(TICKING.length);
    const kill: TickStrike = { onTick, signal: 'SIGKILL', passes };
    const isLast = i % KILLS_PER_FREEZE === KILLS_PER_FREEZE - 1;
    return isLast ? [kill, { onTick: 'before_tick', signal: 'SIGSTOP', passes } as const] : [kill];
  }).flat();
}

async function audit(redis: Redis, connection: string, prefixes: readonly string[], lanes: readonly CronLane[]) {
  const over = lanes.flatMap((lane, i) => lane.audit.over().map((tick) => ({ ...tick, prefix: prefixes[i] })));
  const wrong = over.filter(({ runs }) => runs.length !== 1);
  const counts = await Promise.all(prefixes.map((prefix) => redis.zcard(`{${prefix}}:runs:created`)));
  const reports = await Promise.all(prefixes.map((prefix) => examine({ connection, prefix })));
  const late: Record<string, number> = {};
  for (const lane of lanes) {
    for (const [result, times] of Object.entries(lane.late)) late[result] = (late[result] ?? 0) + times;
  }
  return {
    ticks: over.length,
    wrong: wrong.map(({ prefix, trigger, tick, runs }) => `${prefix} ${trigger} ${tick}: ${runs.length} runs`),
    runs: counts.reduce((sum, count) => sum + count, 0),
    violations: reports.flatMap(({ violations }) => violations.map(({ code, subject }) => `${code} ${subject}`)),
    late,
  };
}

class Tally {
  readonly #struck: Record<string, number> = {};
  readonly #killed: Strike[] = [];

  add({ signal, onTick }: TickStrike, strike: Strike): string {
    const name = `${signal} ${onTick}`;
    this.#struck[name] = (this.#struck[name] ?? 0) + 1;
    if (signal === 'SIGKILL') this.#killed.push(strike);
    return `${this.#killed.length} killed; ${name}, ${strike.afterMs} ms after the tick of ${strike.ticks} triggers`;
  }

  figures() {
    const sorted = this.#killed.map(({ afterMs }) => afterMs).sort((a, b) => a - b);
    return {
      struck: this.#struck,
      kills: this.#killed.length,
      ticksOfKills: this.#killed.reduce((sum, { ticks }) => sum + ticks, 0),
      killedAfterMs: { median: sorted[sorted.length >> 1] ?? 0, most: sorted.at(-1) ?? 0 },
    };
  }
}
