import type { ConnectionOption } from '../redis/connection-options.js';
import { Keyspace } from '../redis/keys.js';
import { RedisLink } from '../redis/link.js';
import type { RedisClient } from '../redis/open-client.js';

const PAGE = 1_000;
const COMMAND_TIMEOUT_MS = 5_000;

/** Deletes every key of a prefix: what a test leaves in a Redis that others use too. */
export async function deleteKeys(connection: ConnectionOption, prefix: string): Promise<void> {
  const link = new RedisLink({ connection, purpose: 'commands', commandTimeoutMs: COMMAND_TIMEOUT_MS });
  try {
    await link.request('delete the keys of a test', (redis) => unlinkAll(redis, new Keyspace(prefix).root));
  } finally {
    await link.close();
  }
}

async function unlinkAll(redis: RedisClient, root: string): Promise<void> {
  // `nodes` has only a cluster.
  for (const node of 'nodes' in redis ? redis.nodes('master') : [redis]) {
    for await (const keys of node.scanStream({ match: `${escapeGlob(root)}*`, count: PAGE }) as AsyncIterable<
      string[]
    >) {
      if (keys.length > 0) await node.unlink(...keys);
    }
  }
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}
