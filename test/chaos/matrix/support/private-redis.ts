import { findExecutable } from '../../../../lib/testing/redis/executable.js';
import { StormRedis } from '../../storm/redis-server.js';

const hasServer = (await findExecutable(['redis-server'])) !== undefined;
// A green run must not mean that nothing was tried.
if (!hasServer && process.env['CI']) throw new Error('the tests of faults need redis-server on the PATH');

/** Faults of Redis itself need one that may be killed: where there is only a foreign one, these tests are left out. */
export const describeWithServer = hasServer ? describe : describe.skip;

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
