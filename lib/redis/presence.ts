import { newToken } from '../core/run-id.js';
import type { Keyspace } from './keys.js';
import type { RedisLink } from './link.js';
import type { RedisClient } from './open-client.js';

/**
 * How Redis sees that a process is connected: by its subscription to a channel of which nothing is ever said. It ends
 * with the connection, at once where the process is killed. In a cluster each node knows of its own connections only.
 */
export class Presence {
  readonly #name = newToken();
  #client: RedisClient | undefined;

  constructor(
    private readonly keys: Keyspace,
    private readonly link: RedisLink,
  ) {}

  /** `undefined` until it has been announced. */
  get name(): string | undefined {
    return this.#client && this.#name;
  }

  /** Again where the connection was replaced; one that was lost and restored is subscribed by its client. */
  async announce(): Promise<void> {
    const client = await this.link.client();
    if (client === this.#client) return;
    await this.link.request('subscribe', (redis) => redis.subscribe(this.keys.channel(this.#name)));
    this.#client = client;
  }
}
