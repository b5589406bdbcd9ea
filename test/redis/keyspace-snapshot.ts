import type { Redis } from 'ioredis';
import { keysOf } from '../support/redis.js';
import { isRun, readLine, withLine } from './begun.js';

/** A hash or sorted set as an object, a list as an array, a set as a sorted array, a string as it is. */
export type SnapshotValue = string | readonly string[] | Readonly<Record<string, string>>;
/** Every key of a prefix, without the prefix. */
export type Snapshot = Readonly<Record<string, SnapshotValue>>;
/** What has changed: `null` for what is gone; of hashes and sorted sets only the entries that have changed. */
export type Changes = Readonly<Record<string, SnapshotValue | Readonly<Record<string, string | null>> | null>>;

const HOUR_MS = 3_600_000;
const TIME = /(?<![0-9a-z])1[6-9]\d{11}(?![0-9a-z])/g;

/**
 * Reads every key under a prefix. What claims have left in `begun` is shown where it is meant to be: in the hashes of the
 * runs, in indexes and leases. Times become `now`, `now+1h`, `now-24h`: to the hour, so that it does
 * not matter how long a test takes. A string that expires is followed by when it does.
 */
export async function takeSnapshot(redis: Redis, prefix: string): Promise<Snapshot> {
  const [seconds] = await redis.time();
  const now = Number(seconds) * 1_000;
  const keys = await keysOf(redis, prefix);
  const entries = await Promise.all(
    keys.map(async (key) => [key.slice(prefix.length + 3), await readKey(redis, key, now)] as const),
  );
  const shown = Object.entries(withAllBegun(Object.fromEntries(entries)));
  return Object.fromEntries(shown.map(([key, value]) => [key, symbolic(value, now)]));
}

const BEGUN = /^workflow-begun:(.*)$/s;

// Each line is shown where it is meant to be: in hash, indexes and leases.
function withAllBegun(entries: Record<string, SnapshotValue>): Snapshot {
  const snapshot = new Map(
    Object.entries(entries).map(([key, value]) => [key, isRecord(value) ? { ...value } : value]),
  );
  for (const [key, lines] of Object.entries(entries)) {
    const workflow = BEGUN.exec(key)?.[1];
    if (workflow !== undefined && isRecord(lines)) showLines(snapshot, workflow, lines);
  }
  const leases = tableOf(snapshot, 'leases');
  for (const lease of Object.keys(leases)) if (!isRun(lease)) delete leases[lease];
  const shown = [...snapshot].filter(([, value]) => !isRecord(value) || Object.keys(value).length > 0);
  return Object.fromEntries(
    shown.map(([key, value]) => [key, isRecord(value) ? sorted(Object.entries(value)) : value]),
  );
}

function showLines(
  snapshot: Map<string, SnapshotValue>,
  workflow: string,
  lines: Readonly<Record<string, string>>,
): void {
  const stray = tableOf(snapshot, `workflow-begun:${workflow}`);
  const [queued, running] = ['queued', 'running'].map((status) =>
    tableOf(snapshot, `workflow-runs:${workflow}:${status}`),
  ) as [Table, Table];
  for (const [id, text] of Object.entries(lines)) {
    const run = snapshot.get(`run:${id}`);
    const line = isRecord(run) ? readLine(run, text) : undefined;
    if (!line || !isRecord(run)) continue;
    snapshot.set(`run:${id}`, withLine(run, line));
    tableOf(snapshot, 'leases')[id] = line.deadline;
    if (id in queued) running[id] = queued[id] as string;
    delete queued[id];
    delete stray[id];
  }
}

type Table = Record<string, string>;

function tableOf(snapshot: Map<string, SnapshotValue>, key: string): Table {
  const table = (snapshot.get(key) ?? {}) as Table;
  snapshot.set(key, table);
  return table;
}

export function changesBetween(before: Snapshot, after: Snapshot): Changes {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    [...keys]
      .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
      .map((key) => [key, changeOf(before[key], after[key])]),
  );
}

function changeOf(before: SnapshotValue | undefined, after: SnapshotValue | undefined): Changes[string] {
  if (after === undefined) return null;
  if (!isRecord(before) || !isRecord(after)) return after;
  const gone = Object.keys(before).filter((entry) => !(entry in after));
  const changed = Object.entries(after).filter(([entry, value]) => before[entry] !== value);
  return Object.fromEntries([...gone.map((entry) => [entry, null] as const), ...changed]);
}

function isRecord(value: SnapshotValue | undefined): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && !Array.isArray(value);
}

async function readKey(redis: Redis, key: string, now: number): Promise<SnapshotValue> {
  const type = await redis.type(key);
  switch (type) {
    case 'hash':
      return sorted(Object.entries(await redis.hgetall(key)));
    case 'zset':
      return sorted(pairs(await redis.zrange(key, '0', '-1', 'WITHSCORES')));
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return (await redis.smembers(key)).sort();
    case 'string': {
      const [value, ttl] = await Promise.all([redis.get(key), redis.pttl(key)]);
      return ttl < 0 ? `${value}` : `${value}, expires ${now + ttl}`;
    }
    default:
      throw new Error(`${key} has type ${type}`);
  }
}

function sorted(entries: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((member, index) => (index % 2 === 0 ? [[member, flat[index + 1] as string]] : []));
}

function symbolic(value: SnapshotValue, now: number): SnapshotValue {
  const replace = (text: string): string =>
    text.replace(TIME, (time) => {
      const hours = Math.round((Number(time) - now) / HOUR_MS);
      return hours === 0 ? 'now' : `now${hours > 0 ? '+' : ''}${hours}h`;
    });
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return (value as string[]).map(replace);
  return Object.fromEntries(Object.entries(value).map(([entry, text]) => [entry, replace(text)]));
}
