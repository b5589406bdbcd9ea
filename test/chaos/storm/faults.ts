import { setTimeout as delay } from 'node:timers/promises';
import type { Cast } from './cast.js';
import type { Journal } from './journal.js';
import type { Proxy } from './proxy.js';
import type { Random } from '../../support/random.js';
import type { StormRedis } from './redis-server.js';

export interface Stage {
  readonly cast: Cast;
  readonly redis: StormRedis;
  readonly proxy: Proxy;
  readonly random: Random;
  readonly leaseMs: number;
  readonly journal: Journal;
}

export type Fault = (stage: Stage) => Promise<void>;

/** Every kind of fault; each has healed when its promise resolves. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  kill_worker: ({ cast, random }) => cast.killWorker(random.between(0, 9)),

  restart_worker: ({ cast, random }) => cast.restartWorker(random.between(0, 9)),

  async freeze_worker({ cast, random, leaseMs }) {
    const thaw = cast.freezeWorker(random.between(0, 9));
    await delay(random.between(leaseMs / 2, leaseMs * 2));
    thaw();
  },

  async kill_redis({ redis, random }) {
    await redis.kill();
    await delay(random.between(50, 800));
    await redis.boot();
  },

  async flush_scripts({ redis, random }) {
    for (let i = random.between(50, 300); i > 0; i--) {
      await redis.commands.script('FLUSH').catch(() => undefined);
      await delay(1);
    }
  },

  async kill_clients({ redis, random }) {
    for (let i = random.between(1, 4); i > 0; i--) {
      await redis.commands.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes').catch(() => undefined);
      await delay(random.between(20, 200));
    }
  },

  async pause_redis({ redis, random }) {
    const ms = random.between(100, 1_500);
    await redis.commands.client('PAUSE', ms, 'WRITE').catch(() => undefined);
    await delay(ms);
  },

  async freeze_network({ proxy, random, leaseMs }) {
    proxy.freeze();
    await delay(random.between(100, leaseMs * 2));
    proxy.thaw();
  },

  async cut_network({ proxy }) {
    proxy.cut();
  },

  async lose_replies({ proxy, random }) {
    proxy.discardReplies();
    await delay(random.between(20, 300));
    proxy.cut();
  },

  async deliver_late({ proxy, random }) {
    const late = proxy.holdBack();
    await delay(random.between(5, 150));
    late.cut();
    await delay(random.between(50, 1_000));
    await late.deliver();
  },
};
