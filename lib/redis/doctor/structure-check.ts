import { setTimeout as delay } from 'node:timers/promises';
import type { KeyName, Keyspace, KnownKey } from '../keys.js';
import type { RedisLink } from '../link.js';
import { SCRIPTS } from '../scripts.js';
import type { Report } from './index-check.js';

type RedisType = 'string' | 'hash' | 'list' | 'set' | 'zset';

const TYPES: Readonly<Record<KeyName | 'index', RedisType>> = {
  workflows: 'set',
  workflow: 'hash',
  parked: 'zset',
  runWorkflows: 'set',
  created: 'zset',
  expiring: 'zset',
  run: 'hash',
  steps: 'hash',
  children: 'set',
  ready: 'list',
  bell: 'list',
  scheduled: 'zset',
  leases: 'zset',
  orphans: 'list',
  cascades: 'set',
  claim: 'string',
  cronDef: 'hash',
  cronNext: 'zset',
  cronLock: 'string',
  idempotency: 'string',
  index: 'zset',
};

const SETTLE_MS = 1_000;

/** Checks that are of a key as a whole: type, time to live, slots, registry, triggers. */
export class StructureCheck {
  constructor(
    private readonly keys: Keyspace,
    private readonly link: RedisLink,
    private readonly repair: boolean,
    private readonly report: Report,
  ) {}

  /** Whether the key has the type that it must have, or is gone. */
  async checkType(known: KnownKey): Promise<boolean> {
    const key = this.#key(known);
    const type = await this.link.request('type', (client) => client.type(key));
    if (type === 'none' || type === TYPES[known.name]) return true;
    this.report('wrong_type', this.#name(key), `is a ${type}, must be a ${TYPES[known.name]}`);
    return false;
  }

  async check(known: KnownKey): Promise<void> {
    switch (known.name) {
      case 'idempotency':
      case 'claim':
      case 'cronLock':
        return this.#checkTtl(this.#key(known));
      case 'bell':
        return this.#checkBell(this.#key(known));
      case 'runWorkflows':
        return this.#checkSlots();
      case 'workflow':
        return this.#checkWorkflow(known.part);
      case 'cronDef':
        return this.#checkTriggers();
      default:
        return undefined;
    }
  }

  async #checkTtl(key: string): Promise<void> {
    const ttl = await this.link.request('pttl', (client) => client.pttl(key));
    if (ttl === -1) this.report('missing_ttl', this.#name(key), 'would stay for ever');
  }

  async #checkBell(key: string): Promise<void> {
    const length = await this.link.request('llen', (client) => client.llen(key));
    if (length > 1) this.report('bell_stuck', this.#name(key), `has ${length} elements, at most 1 is ever needed`);
  }

  async #checkSlots(): Promise<void> {
    const workflows = await this.link.request('smembers', (client) => client.smembers(this.keys.key('runWorkflows')));
    for (const workflow of workflows) await this.#checkSlotsOf(workflow);
  }

  async #checkSlotsOf(workflow: string): Promise<void> {
    const inspect = (unpark: string): ReturnType<typeof SCRIPTS.inspectSlots.call> =>
      SCRIPTS.inspectSlots.call(this.link, this.keys.root, [workflow, unpark]);
    const [limit, holders, parked, oldest, ready] = await inspect('');
    const slots = Number(limit || 1);
    if (holders > slots)
      this.report(
        'slots_exceeded',
        workflow,
        `${holders} runs hold ${slots} slots (right after the limit was lowered this passes)`,
      );
    if (parked === 0 || holders >= slots || ready > 0) return;
    // Those that the free slots are meant for may be ready in another queue: then the first one changes soon.
    await delay(SETTLE_MS);
    const [, holdersLater, , oldestLater, readyLater] = await inspect('');
    if (oldestLater !== oldest || holdersLater >= slots || readyLater > 0) return;
    if (this.repair) await inspect('1');
    this.report(
      'parked_forever',
      workflow,
      `${parked} runs are parked (first ${oldest}) though ${slots - holders} slots are free`,
      this.repair,
    );
  }

  async #checkWorkflow(name: string): Promise<void> {
    const listed = await this.link.request('sismember', (client) => client.sismember(this.keys.key('workflows'), name));
    if (listed === 0) this.report('workflow_unlisted', name, 'has metadata, but is not in the set of workflows');
  }

  async #checkTriggers(): Promise<void> {
    const triggers = await this.link.request('hkeys', (client) => client.hkeys(this.keys.key('cronDef')));
    for (const trigger of triggers) {
      const next = await this.link.request('zscore', (client) => client.zscore(this.keys.key('cronNext'), trigger));
      if (next === null) this.report('trigger_unplanned', trigger, 'has no next tick');
    }
  }

  #key(known: KnownKey): string {
    return known.name === 'index'
      ? this.keys.index(known.part, known.status ?? '')
      : this.keys.key(known.name, known.part);
  }

  #name(key: string): string {
    return key.slice(this.keys.root.length);
  }
}
