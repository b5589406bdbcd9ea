import { findExecutable } from '../../../../lib/testing/redis/executable.js';
import { StormRedis } from '../../storm/redis-server.js';

/** Faults of Redis itself need one that may be killed: where there is only a foreign one, these tests are left out. */
export const describeWithServer = (await findExecutable(['redis-server'])) === undefined ? describe.skip : describe;

/** A Redis of our own, with an append-only file and `more` settings, for the tests of a `describe` block. */
export function usePrivateRedis(more: readonly string[] = []): { readonly server: StormRedis; readonly url: string } {
  let server: StormRedis | undefined;
  beforeAll(async () => {
    server = await StormRedis.start(more);
  });
  afterAll(() => server?.close());
  const required = (): StormRedis => {
    if (!server) throw new Error('Redis is started before the tests');
    return server;
  };
  return {
    get server() {
      return required();
    },
    get url() {
      return `redis://127.0.0.1:${required().port}`;
    },
  };
}
