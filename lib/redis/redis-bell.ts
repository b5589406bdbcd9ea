import type { Bell } from '../core/store.js';
import type { Keyspace } from './keys.js';
import type { RedisLink } from './link.js';

// A reader that hears nothing for so long after its time-out has a dead socket.
const WATCHDOG_MS = 2_000;
const PAUSE_AFTER_ERROR_MS = 250;

/** A blocking reader on a connection of its own. What it pops is only a hint, so a lost reply costs nothing. */
export class RedisBell implements Bell {
  readonly #waits = new Set<() => void>();
  #closed = false;

  constructor(
    private readonly keys: Keyspace,
    private readonly link: RedisLink,
    /** Sends something over the connection for commands, which is idle while the worker listens. */
    private readonly probe: () => Promise<void>,
  ) {}

  // With timers alone: signals and races are dear, and a worker that was idle comes through here before each run.
  wait(queues: readonly string[], timeoutMs: number): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      let pause: NodeJS.Timeout | undefined;
      const settle = (heard?: string): void => {
        for (const timer of [probe, watchdog, pause]) clearTimeout(timer);
        this.#waits.delete(settle);
        resolve(heard);
      };
      this.#waits.add(settle);
      // So that a half-open connection for commands is found meanwhile, and not only by the claim that follows.
      const probe = setTimeout(() => void this.probe().catch(() => undefined), timeoutMs / 2);
      // A call that a lost connection leaves without an end must not hold up the loop.
      const watchdog = setTimeout(() => {
        this.link.replace();
        settle();
      }, timeoutMs + WATCHDOG_MS);
      this.#listen(queues, timeoutMs).then(settle, () => {
        if (this.#waits.has(settle)) pause = setTimeout(settle, PAUSE_AFTER_ERROR_MS);
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const settle of this.#waits) settle();
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
