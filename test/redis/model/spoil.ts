import type { StoreFixture } from '../store-fixture.js';
import type { Random } from '../../support/random.js';

type Damage = readonly [name: string, damage: (fixture: StoreFixture, id: string) => Promise<unknown>];

const removed: Damage = ['removed', ({ redis, keys }, id) => redis.commands.del(keys.key('run', id))];

const wrongType = (key: 'run' | 'steps'): Damage => [
  `${key} of a wrong type`,
  ({ redis, keys }, id) => redis.commands.set(keys.key(key, id), 'no hash'),
];

const without = (field: string): Damage => [
  `without ${field}`,
  ({ redis, keys }, id) => redis.commands.hdel(keys.key('run', id), field),
];

const absurd = (field: string): Damage => [
  `absurd ${field}`,
  ({ redis, keys }, id) => redis.commands.hset(keys.key('run', id), field, 'absurd'),
];

const DAMAGES: readonly Damage[] = [
  removed,
  wrongType('run'),
  wrongType('steps'),
  ...['status', 'workflow', 'queue', 'createdAt', 'attempt', 'token'].map(without),
  ...['status', 'createdAt', 'attempt', 'recoveries'].map(absurd),
];

/** Damages a run in one of many ways. @returns how */
export async function spoil(fixture: StoreFixture, random: Random, id: string): Promise<string> {
  const [name, damage] = random.pick(DAMAGES);
  await damage(fixture, id);
  return name;
}
