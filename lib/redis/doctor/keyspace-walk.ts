import type { Cluster } from 'ioredis';
import type { RedisLink } from '../link.js';
import { isCluster } from '../open-client.js';

const PAGE = 500;

type Scan = (cursor: string) => Promise<[cursor: string, elements: string[]]>;

/** Every key under the root, in pages; a key may come twice. On a cluster only the node of the slot is asked. */
export function walkKeys(link: RedisLink, root: string): AsyncGenerator<string[]> {
  const pattern = `${root.replace(/[\\*?[\]]/g, '\\$&')}*`;
  return walk((cursor) =>
    link.request('scan', async (client) => {
      const node = isCluster(client) ? await nodeOf(client, root) : client;
      return node.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE);
    }),
  );
}

/** Every member of a sorted set, in pages; a member may come twice. */
export async function* walkMembers(link: RedisLink, key: string): AsyncGenerator<string[]> {
  const pages = walk((cursor) => link.request('zscan', (client) => client.zscan(key, cursor, 'COUNT', PAGE)));
  for await (const page of pages) yield page.filter((_, index) => index % 2 === 0);
}

/** Every member of a set, in pages; a member may come twice. */
export function walkSet(link: RedisLink, key: string): AsyncGenerator<string[]> {
  return walk((cursor) => link.request('sscan', (client) => client.sscan(key, cursor, 'COUNT', PAGE)));
}

/** Every field of a hash, in pages; a field may come twice. */
export async function* walkFieldNames(link: RedisLink, key: string): AsyncGenerator<string[]> {
  for await (const page of walkFields(link, key, PAGE)) yield page.filter((_, index) => index % 2 === 0);
}

/** Every field of a hash with its value, in pages of `count`; a field may come twice. */
export function walkFields(link: RedisLink, key: string, count: number): AsyncGenerator<string[]> {
  return walk((cursor) => link.request('hscan', (client) => client.hscan(key, cursor, 'COUNT', count)));
}

/**
 * Every element of a list, in pages. From the tail: what is popped and pushed at the head meanwhile moves nothing,
 * and what is pushed at the tail makes elements come twice; none that stays is missed.
 */
export async function* walkList(link: RedisLink, key: string): AsyncGenerator<string[]> {
  for (let seen = 0; ; seen += PAGE) {
    const page = await link.request('lrange', (client) => client.lrange(key, -seen - PAGE, -seen - 1));
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
  }
}

/** Cuts a list into pages. */
export function* pagesOf<T>(list: readonly T[], size: number): Generator<T[]> {
  for (let i = 0; i < list.length; i += size) yield list.slice(i, i + size);
}

async function* walk(scan: Scan): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [next, elements] = await scan(cursor);
    cursor = next;
    if (elements.length > 0) yield elements;
  } while (cursor !== '0');
}

async function nodeOf(cluster: Cluster, root: string): Promise<ReturnType<Cluster['nodes']>[number]> {
  const slot = await cluster.cluster('KEYSLOT', root);
  const owner = (cluster as unknown as { slots: string[][] }).slots[Number(slot)]?.[0];
  const node = cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === owner);
  if (!node) throw new Error('the node of the keyspace is not known yet');
  return node;
}
