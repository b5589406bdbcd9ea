import type { Bell, Heard, Listening } from '../core/store.js';
import { parseHandedRun } from './handed-run.js';
import type { Keyspace } from './keys.js';
import type { RedisLink } from './link.js';
import type { Presence } from './presence.js';

// A reader that hears nothing for so long after its time-out has a dead socket.
const WATCHDOG_MS = 2_000;
const PAUSE_AFTER_ERROR_MS = 250;

export interface RedisBellParts {
  readonly keys: Keyspace;
  /** For the blocking reads. */
  readonly reader: RedisLink;
  readonly presence: Presence;
  /** Sends something over the connection for commands, which is idle while the worker listens. */
  readonly probe: () => Promise<void>;
}

/**
 * A blocking reader on a connection of its own. A lost reply costs nothing but time: a bell is only a hint, and a run
 * that was handed over is given again by the next claim.
 */
export class RedisBell implements Bell {
  readonly #waits = new Set<() => void>();
  #closed = false;

  constructor(private readonly parts: RedisBellParts) {}

  get presence(): string | undefined {
    return this.#closed ? undefined : this.parts.presence.name;
  }

  // With timers alone: signals and races are dear, and a worker that was idle comes through here before each run.
  wait(listening: Listening): Promise<Heard | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    // Where that fails it is tried by the next one.
    void this.parts.presence.announce().catch(() => undefined);
    return new Promise((resolve) => {
      let pause: NodeJS.Timeout | undefined;
      const settle = (heard?: Heard): void => {
        for (const timer of [probe, watchdog, pause]) clearTimeout(timer);
        this.#waits.delete(settle);
        resolve(heard);
      };
      this.#waits.add(settle);
      // So that a half-open connection for commands is found meanwhile, and not only by the claim that follows.
      const probe = setTimeout(() => void this.parts.probe().catch(() => undefined), listening.timeoutMs / 2);
      // A call that a lost connection leaves without an end must not hold up the loop.
      const watchdog = setTimeout(() => {
        this.parts.reader.replace();
        settle();
      }, listening.timeoutMs + WATCHDOG_MS);
      this.#listen(listening).then(settle, () => {
        if (this.#waits.has(settle)) pause = setTimeout(settle, PAUSE_AFTER_ERROR_MS);
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const settle of this.#waits) settle();
    await this.parts.reader.close();
  }

  async #listen({ workerId, queues, timeoutMs }: Listening): Promise<Heard | undefined> {
    const { keys, reader } = this.parts;
    const inbox = keys.key('inbox', workerId);
    const bells = queues.map((queue) => keys.key('bell', queue));
    const client = await reader.client();
    try {
      // 0 would block for ever.
      const heard = await client.blpop([inbox, ...bells], Math.max(timeoutMs, 1) / 1_000);
      if (!heard) return undefined;
      const [key, value] = heard;
      if (key !== inbox) return { queue: queues[bells.indexOf(key)] as string };
      const handed = parseHandedRun(value);
      return handed && { handed };
    } catch (error) {
      reader.leaveIfUseless(client, error);
      throw error;
    }
  }
}
