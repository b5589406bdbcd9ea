import { createHash } from 'node:crypto';
import type { RedisLink } from './link.js';
import { composeScript } from './lua-source.js';

/** A Lua script, called by its hash; sent whole only where the server does not know it. */
export class Script<Reply> {
  readonly #source: string;
  readonly #sha: string;

  constructor(
    readonly name: string,
    source = composeScript(name),
  ) {
    this.#source = source;
    this.#sha = createHash('sha1').update(this.#source).digest('hex');
  }

  /** @throws ConnectionError, without the arguments */
  async call(link: RedisLink, root: string, args: readonly (string | number)[]): Promise<Reply> {
    return link.request(this.name, async (redis) => {
      try {
        return (await redis.evalsha(this.#sha, 1, root, ...args)) as Reply;
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return (await redis.eval(this.#source, 1, root, ...args)) as Reply;
      }
    });
  }
}
