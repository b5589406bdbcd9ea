import { idempotencyPart, identifyKey, type KeyName, Keyspace, luaKeyFunctions } from '../../lib/redis/keys.js';
import { useRedis } from '../support/redis.js';

/** Every key, with whether it has a name in it. */
const KEYS: Readonly<Record<KeyName, boolean>> = {
  workflows: false,
  workflow: true,
  alive: true,
  parked: true,
  runWorkflows: false,
  created: false,
  expiring: false,
  retention: false,
  run: true,
  steps: true,
  children: true,
  ready: true,
  bell: true,
  standby: true,
  scheduled: false,
  leases: false,
  begun: true,
  orphans: false,
  cascades: false,
  claim: true,
  inbox: true,
  cronDef: false,
  cronNext: false,
  cronLock: false,
  idempotency: true,
};
const NAMES = Object.keys(KEYS) as KeyName[];
const PARTS = ['', ':', 'a', 'a:b', 'a:ready', 'ä', '%s %1', '$&', '<>', "it's", '{x}'];

describe('keys', () => {
  const redis = useRedis();
  const keys = new Keyspace('p');

  it('are the same in TypeScript and in Lua', async () => {
    const calls = NAMES.map((name) => `key_${name}(ARGV[1])`);
    const body = `return { ${[...calls, 'key_index(ARGV[1], ARGV[2])', 'key_channel(ARGV[1])'].join(', ')} }`;
    for (const part of PARTS) {
      const source = `${luaKeyFunctions(body)}\n${body}`;
      expect(await redis.commands.eval(source, 1, keys.root, part, 'queued')).toEqual([
        ...NAMES.map((name) => keys.key(name, part)),
        keys.index(part, 'queued'),
        keys.channel(part),
      ]);
    }
  });

  it('share one hash tag', () => {
    expect(new Keyspace('redflow:prod').key('run', 'r1')).toBe('{redflow:prod}:run:r1');
    expect(NAMES.map((name) => keys.key(name, 'x')).filter((key) => !key.startsWith('{p}:'))).toEqual([]);
  });

  it('never collide', () => {
    const named = NAMES.filter((name) => KEYS[name] && !['run', 'steps', 'children'].includes(name));
    const all = [
      ...NAMES.filter((name) => !KEYS[name]).map((name) => keys.key(name)),
      ...named.flatMap((name) => PARTS.map((part) => keys.key(name, part))),
      // Ids of runs are made by redflow: letters and digits.
      ...['a', 'b1'].flatMap((id) => (['run', 'steps', 'children'] as const).map((name) => keys.key(name, id))),
      ...PARTS.flatMap((part) => ['queued', 'running'].map((status) => keys.index(part, status))),
    ];
    expect(all.filter((key, index) => all.indexOf(key) !== index)).toEqual([]);
  });

  it('are told from their names', () => {
    for (const name of NAMES) {
      const part = KEYS[name] ? 'a1' : '';
      expect(identifyKey(keys.key(name, part).slice(keys.root.length))).toEqual({ name, part });
    }
    expect(identifyKey('workflow-runs:a:b:queued')).toEqual({ name: 'index', part: 'a:b', status: 'queued' });
    expect(identifyKey('of another')).toBeUndefined();
  });

  it('encode both parts of an idempotency key', () => {
    const pairs = PARTS.flatMap((workflow) => PARTS.map((key) => idempotencyPart(workflow, key)));
    expect(new Set(pairs).size).toBe(PARTS.length ** 2);
  });
});
