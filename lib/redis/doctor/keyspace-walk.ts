import { Cluster } from 'ioredis';
import type { RedisLink } from '../link.js';

const PAGE = 500;

/** Every key under the root, in pages; a key may come twice. On a cluster only the node of the slot is asked. */
export async function* walkKeys(link: RedisLink, root: string): AsyncGenerator<string[]> {
  const pattern = `${root.replace(/[\\*?[\]]/g, '\\$&')}*`;
  for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
    const [next, keys] = await link.request('scan', async (client) => {
      const node = client instanceof Cluster ? await nodeOf(client, root) : client;
      return node.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE);
    });
    cursor = next;
    if (keys.length > 0) yield keys;
  }
}

/** Every member of a sorted set, in pages; a member may come twice. */
export async function* walkMembers(link: RedisLink, key: string): AsyncGenerator<string[]> {
  for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
    const [next, entries] = await link.request('zscan', (client) => client.zscan(key, cursor, 'COUNT', PAGE));
    cursor = next;
    const members = entries.filter((_, index) => index % 2 === 0);
    if (members.length > 0) yield members;
  }
}

/** Every element of a list, in pages; elements that are pushed or popped meanwhile may be missed. */
export async function* walkList(link: RedisLink, key: string): AsyncGenerator<string[]> {
  for (let start = 0; ; start += PAGE) {
    const page = await link.request('lrange', (client) => client.lrange(key, start, start + PAGE - 1));
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
  }
}

async function nodeOf(cluster: Cluster, root: string): Promise<ReturnType<Cluster['nodes']>[number]> {
  const slot = await cluster.cluster('KEYSLOT', root);
  const owner = (cluster as unknown as { slots: string[][] }).slots[Number(slot)]?.[0];
  const node = cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === owner);
  if (!node) throw new Error('the node of the keyspace is not known yet');
  return node;
}
