import type { Redis } from 'ioredis';
import { keysOf } from '../support/redis.js';
import { isBegun, withBegun } from './begun.js';

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
 * runs. Times become `now`, `now+1h`, `now-24h`: to the hour, so that it does
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

function withAllBegun({ begun, ...others }: Record<string, SnapshotValue>): Snapshot {
  const snapshot: Record<string, SnapshotValue> = others;
  const stray: Record<string, string> = {};
  for (const [id, line] of Object.entries((begun ?? {}) as Record<string, string>)) {
    const run = snapshot[`run:${id}`];
    if (isRecord(run) && isBegun(run)) snapshot[`run:${id}`] = sorted(Object.entries(withBegun(run, line)));
    else stray[id] = line;
  }
  return Object.keys(stray).length === 0 ? snapshot : { ...snapshot, begun: stray };
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
