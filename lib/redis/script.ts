import { createHash } from 'node:crypto';
import { ConnectionError } from '../core/errors/connection.error.js';
import type { RedisLink } from './link.js';
import { composeScript } from './lua-source.js';
import type { RedisClient } from './open-client.js';

/** What a reply is, as far as it is looked at. */
export type ReplyKind = 'number' | 'string' | 'list';

/** A Lua script, called by its hash; sent whole only where the server does not know it. */
export class Script<Reply> {
  readonly #source: string;
  readonly #sha: string;

  constructor(
    readonly name: string,
    readonly kind: ReplyKind,
    source = composeScript(name),
  ) {
    this.#source = source;
    this.#sha = createHash('sha1').update(this.#source).digest('hex');
  }

  /** @throws ConnectionError, without the arguments */
  async call(link: RedisLink, root: string, args: readonly (string | number)[]): Promise<Reply> {
    return link.request(this.name, async (redis) => {
      const reply = await this.#send(redis, root, args);
      // What answers so is no Redis, or answers another call: nothing may be taken for done.
      if ((Array.isArray(reply) ? 'list' : typeof reply) !== this.kind) throw strangeReply(this.name);
      return reply as Reply;
    });
  }

  async #send(redis: RedisClient, root: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#sha, 1, root, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.#source, 1, root, ...args);
    }
  }
}

/** For a reply that the script cannot have given. */
export function strangeReply(name: string): ConnectionError {
  return new ConnectionError(`Redis could not do "${name}": what came back is no answer to it`);
}
