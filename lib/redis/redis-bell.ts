import { setTimeout as delay } from 'node:timers/promises';
import type { Bell } from '../core/store.js';
import type { Keyspace } from './keys.js';
import type { RedisLink } from './link.js';

// A reader that hears nothing for so long after its time-out has a dead socket.
const WATCHDOG_MS = 3_000;
const PAUSE_AFTER_ERROR_MS = 250;

/** A blocking reader on a connection of its own. What it pops is only a hint, so a lost reply costs nothing. */
export class RedisBell implements Bell {
  readonly #closing = new AbortController();

  constructor(
    private readonly keys: Keyspace,
    private readonly link: RedisLink,
  ) {}

  async wait(queues: readonly string[], timeoutMs: number): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const bells = queues.map((queue) => this.keys.key('bell', queue));
    const watchdog = setTimeout(() => this.link.reconnect(), timeoutMs + WATCHDOG_MS);
    try {
      const client = await this.link.client();
      // 0 would block for ever.
      await client.blpop(bells, Math.max(timeoutMs, 1) / 1_000);
    } catch {
      await delay(PAUSE_AFTER_ERROR_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    } finally {
      clearTimeout(watchdog);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.link.close();
  }
}
