import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bell } from '../core/store.js';
import type { Keyspace } from './keys.js';
import type { RedisLink } from './link.js';

// A reader that hears nothing for so long after its time-out has a dead socket.
const WATCHDOG_MS = 2_000;
const PAUSE_AFTER_ERROR_MS = 250;

/** A blocking reader on a connection of its own. What it pops is only a hint, so a lost reply costs nothing. */
export class RedisBell implements Bell {
  readonly #closing = new AbortController();

  constructor(
    private readonly keys: Keyspace,
    private readonly link: RedisLink,
    /** Sends something over the connection for commands, which is idle while the worker listens. */
    private readonly probe: () => Promise<void>,
  ) {}

  async wait(queues: readonly string[], timeoutMs: number): Promise<string | undefined> {
    const { signal } = this.#closing;
    if (signal.aborted) return undefined;
    const given = new AbortController();
    // So that a half-open connection for commands is found meanwhile, and not only by the claim that follows.
    const probe = setTimeout(() => void this.probe().catch(() => undefined), timeoutMs / 2);
    try {
      // A call that a lost connection leaves without an end must hold up neither the loop nor a shutdown.
      return await Promise.race([
        this.#listen(queues, timeoutMs),
        once(signal, 'abort', given).then(() => undefined),
        delay(timeoutMs + WATCHDOG_MS, undefined, given).then(() => void this.link.replace()),
      ]);
    } catch {
      return await delay(PAUSE_AFTER_ERROR_MS, undefined, { signal }).catch(() => undefined);
    } finally {
      clearTimeout(probe);
      given.abort();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.link.close();
  }

  async #listen(queues: readonly string[], timeoutMs: number): Promise<string | undefined> {
    const bells = queues.map((queue) => this.keys.key('bell', queue));
    const client = await this.link.client();
    try {
      // 0 would block for ever.
      const heard = await client.blpop(bells, Math.max(timeoutMs, 1) / 1_000);
      return heard ? queues[bells.indexOf(heard[0])] : undefined;
    } catch (error) {
      this.link.leaveIfUseless(client, error);
      throw error;
    }
  }
}
