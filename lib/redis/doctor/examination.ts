import { ConnectionError } from '../../core/errors/connection.error.js';
import type { Keyspace, KnownKey } from '../keys.js';
import type { RedisLink } from '../link.js';
import type { Findings } from './findings.js';

/** What every check of one examination works with. */
export interface Examination {
  readonly keys: Keyspace;
  readonly link: RedisLink;
  readonly findings: Findings;
  /** Whether what is provably safe is put right. */
  readonly repair: boolean;
}

export function keyOf({ keys }: Examination, { name, part, status }: KnownKey): string {
  return name === 'index' ? keys.index(part, status ?? '') : keys.key(name, part);
}

/** A key as it is reported: without what all keys of the prefix share. */
export function shortName({ keys }: Examination, key: string): string {
  return key.slice(keys.root.length);
}

/** What a call gives, or `undefined` where a key that it touches has the wrong type, which is reported of the key. */
export async function unlessWrongType<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ConnectionError && error.refused && error.message.includes('WRONGTYPE')) return undefined;
    throw error;
  }
}

/** As a script takes it. */
export function flag(value: boolean): '1' | '' {
  return value ? '1' : '';
}

/** Names are data of any length. */
export function quote(name: string): string {
  return name.length <= 200 ? `"${name}"` : `"${name.slice(0, 200)}…"`;
}
