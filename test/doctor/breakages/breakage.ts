import type { Redis } from 'ioredis';
import type { KeyName } from '../../../lib/redis/keys.js';
import type { StoreFixture } from '../../redis/store-fixture.js';

/** A prefix that something has broken, and what the doctor must find there: no less and no more. */
export interface Breakage {
  readonly name: string;
  readonly breakIt: (ground: Ground) => Promise<unknown>;
  /** `code subject`, sorted. */
  readonly found: readonly string[];
  /** How a worker goes on once it is repaired; without it, it is not repaired. */
  readonly healed?: (ground: Ground) => Promise<unknown>;
}

export interface Ground {
  readonly fixture: StoreFixture;
  readonly redis: Redis;
  readonly key: (name: KeyName, part?: string) => string;
  /** Of workflow `w`. */
  readonly index: (status: string) => string;
}

export function groundOf(fixture: StoreFixture): Ground {
  return {
    fixture,
    redis: fixture.redis.commands,
    key: (name, part) => fixture.keys.key(name, part),
    index: (status) => fixture.keys.index('w', status),
  };
}

export const nothing = async (): Promise<void> => undefined;

/** The run is claimed again and ends. */
export const executes = async ({ fixture }: Ground, id = 'r'): Promise<void> => {
  const [run] = await fixture.claim(`healed-${id}`, 1);
  if (run?.id !== id) throw new Error(`claimed ${run?.id ?? 'nothing'} instead of ${id}`);
  await fixture.finish({ runId: id, token: `healed-${id}` });
};
