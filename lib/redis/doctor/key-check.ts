import { idempotencyPart, type KeyName, type KnownKey } from '../keys.js';
import { SCRIPTS } from '../scripts.js';
import { keyOf, shortName, type Examination } from './examination.js';
import { pagesOf } from './keyspace-walk.js';

type RedisType = 'string' | 'hash' | 'list' | 'set' | 'zset';

const TYPES: Readonly<Record<KeyName | 'index', RedisType>> = {
  workflows: 'set',
  workflow: 'hash',
  alive: 'zset',
  parked: 'zset',
  runWorkflows: 'set',
  created: 'zset',
  expiring: 'zset',
  retention: 'hash',
  run: 'hash',
  steps: 'hash',
  children: 'set',
  ready: 'list',
  bell: 'list',
  standby: 'zset',
  scheduled: 'zset',
  leases: 'zset',
  begun: 'hash',
  orphans: 'list',
  cascades: 'set',
  claim: 'string',
  inbox: 'list',
  cronDef: 'hash',
  cronNext: 'zset',
  cronLock: 'string',
  idempotency: 'string',
  index: 'zset',
};

/** What is of use for a while only. */
const EXPIRES: ReadonlySet<KeyName | 'index'> = new Set<KeyName>([
  'alive',
  'claim',
  'inbox',
  'standby',
  'cronLock',
  'idempotency',
]);

const KEYS_PER_CALL = 250;
const POINTERS_PER_CALL = 100;

/** What can be told of a key without the runs: type, time to live, and of some their content. */
export class KeyCheck {
  constructor(private readonly examination: Examination) {}

  /** Gives those that have the type that they must have. */
  async check(page: readonly KnownKey[]): Promise<KnownKey[]> {
    const sound: KnownKey[] = [];
    for (const keys of pagesOf(page, KEYS_PER_CALL)) sound.push(...(await this.#checkTypes(keys)));
    for (const known of sound) if (known.name === 'bell') await this.#checkBell(keyOf(this.examination, known));
    const pointers = sound.filter(({ name }) => name === 'idempotency').map(({ part }) => part);
    for (const parts of pagesOf(pointers, POINTERS_PER_CALL)) await this.#checkPointers(parts);
    return sound;
  }

  async #checkTypes(page: readonly KnownKey[]): Promise<KnownKey[]> {
    const { link, keys, findings } = this.examination;
    const names = page.map((known) => keyOf(this.examination, known));
    const reply = await SCRIPTS.inspectKeys.call(link, keys.root, names);
    return page.filter((known, index) => {
      const [type, ttl] = reply.slice(index * 2, index * 2 + 2);
      const expected = TYPES[known.name];
      const name = shortName(this.examination, names[index] as string);
      if (type === 'none') return false;
      if (type !== expected) findings.report('wrong_type', name, `is a ${type}, must be a ${expected}`);
      else if (EXPIRES.has(known.name) && ttl === -1) findings.report('missing_ttl', name, 'would stay for ever');
      return type === expected;
    });
  }

  async #checkBell(key: string): Promise<void> {
    const { link, findings, repair } = this.examination;
    const length = await link.request('llen', (client) => client.llen(key));
    if (length <= 1) return;
    if (repair) await link.request('ltrim', (client) => client.ltrim(key, 0, 0));
    const detail = `has ${length} elements, at most 1 is ever needed`;
    findings.report('bell_stuck', shortName(this.examination, key), detail, repair);
  }

  // A key may outlive its run; it must not point to another's.
  async #checkPointers(parts: readonly string[]): Promise<void> {
    const { link, keys, findings } = this.examination;
    const reply = await SCRIPTS.inspectPointers.call(link, keys.root, parts);
    parts.forEach((part, index) => {
      const [id, workflow, key] = reply.slice(index * 3, index * 3 + 3);
      if (typeof workflow !== 'string' || idempotencyPart(workflow, key ?? '') === part) return;
      const detail = `points to run ${id}, which has another workflow or key`;
      findings.report('key_mismatch', shortName(this.examination, keys.key('idempotency', part)), detail);
    });
  }
}
