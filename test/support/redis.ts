import { randomUUID } from 'node:crypto';
import { Cluster, Redis } from 'ioredis';
import { eventually } from './eventually.js';

/** The Redis of the tests, as one test sees it. */
export interface TestRedis {
  readonly url: string;
  /** Fresh for each test. All keys under it are deleted after the test. */
  readonly prefix: string;
  /** `{ connection, prefix }`: spread it into the options of clients, workers and modules. */
  readonly options: { readonly connection: string; readonly prefix: string };
  /** For looking into Redis; closed after the last test of the file. */
  readonly commands: Redis;
}

/**
 * Gives every test of the file, or of the `describe` block around the call, a prefix of its own. After
 * each test its keys are deleted, and the test fails if it has left a connection or a timer open.
 */
export function useRedis(): TestRedis {
  const url = process.env['REDFLOW_TEST_URL'];
  if (!url) throw new Error('REDFLOW_TEST_URL is not set: the global set-up of jest.config.ts sets it');
  const commands = openCommands(url);
  let prefix = '';
  let before = openHandles();

  beforeAll(() => connectAll(commands));
  beforeEach(() => {
    prefix = `test-${randomUUID()}`;
    before = openHandles();
  });
  afterEach(async () => {
    try {
      await eventually(() => expect(leftOpen(before)).toEqual([]) === undefined, CLOSED_WITHIN_MS);
    } finally {
      await deleteKeys(commands, prefix);
    }
  });
  afterAll(() => commands.quit());

  return {
    url,
    commands,
    get prefix() {
      return prefix;
    },
    get options() {
      return { connection: process.env['REDFLOW_TEST_USER_URL'] ?? url, prefix };
    },
  };
}

// A cluster answers to what the specs send as a single server does. See `REDFLOW_TEST_TOPOLOGY` in global-setup.ts.
function openCommands(url: string): Redis {
  const nodes = /^redis\+cluster:\/\/(.+)$/.exec(url)?.[1]?.split(',');
  if (!nodes) return new Redis(url, { lazyConnect: true });
  // Without the timer that looks at the slots every 5 s: while it is being set anew it would be taken for one of the test.
  const options = { lazyConnect: true, slotsRefreshInterval: 0, redisOptions: { lazyConnect: false } };
  return new Cluster(
    nodes.map((node) => `redis://${node}`),
    options,
  ) as unknown as Redis;
}

function nodesOf(redis: Redis): Redis[] {
  return (redis as unknown) instanceof Cluster ? (redis as unknown as Cluster).nodes('master') : [redis];
}

// All of a cluster's nodes: a connection that is made during a test would count as left open.
async function connectAll(redis: Redis): Promise<void> {
  await redis.connect();
  await eventually(() => nodesOf(redis).every(({ status }) => status === 'ready'));
}

/** The keys under a prefix, sorted. */
export async function keysOf(redis: Redis, prefix: string): Promise<string[]> {
  const keys = new Set<string>();
  for (const node of nodesOf(redis)) {
    for await (const page of node.scanStream({ match: `{${prefix}}:*`, count: 1_000 })) {
      for (const key of page as string[]) keys.add(key);
    }
  }
  return [...keys].sort();
}

async function deleteKeys(redis: Redis, prefix: string): Promise<void> {
  const keys = await keysOf(redis, prefix);
  if (keys.length > 0) await redis.unlink(...keys);
}

// The client of a cluster lets go of the socket of a subscription within 2 s.
const CLOSED_WITHIN_MS = 4_000;
const WATCHED = ['TCPSocketWrap', 'TCPServerWrap', 'Timeout'];

// What keeps the process alive, by kind; the runner's own timers are in both samples.
function openHandles(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (WATCHED.includes(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function leftOpen(before: Map<string, number>): string[] {
  return [...openHandles()]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0))
    .map(([kind, count]) => `${count - (before.get(kind) ?? 0)} x ${kind}`);
}
