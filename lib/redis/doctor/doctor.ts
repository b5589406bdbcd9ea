import type { KeyName, Keyspace, KnownKey } from '../keys.js';
import { identifyKey } from '../keys.js';
import type { RedisLink } from '../link.js';
import { SCRIPTS } from '../scripts.js';
import { checkRun, toInspectedRun, type InspectedRun, type RunCheckOptions } from './inspected-run.js';
import { indexRule, IndexCheck } from './index-check.js';
import { walkKeys, walkList } from './keyspace-walk.js';
import { StructureCheck } from './structure-check.js';
import type { DoctorReport, Violation, ViolationCode } from './violation.js';

export interface DoctorOptions extends RunCheckOptions {
  /** Puts right what is provably safe to put right. */
  readonly repair: boolean;
}

const RUNS_PER_CALL = 50;
const MAX_LISTED_PER_CODE = 100;
const REPAIRABLE: ReadonlySet<ViolationCode> = new Set<ViolationCode>([
  'unindexed_run',
  'wrong_index',
  'lease_missing',
  'lease_unexpected',
  'queued_nowhere',
  'schedule_missing',
]);

/**
 * Checks the invariants of a prefix, live or quiet: each call to Redis is bounded and sees one instant,
 * so that work that goes on meanwhile is no finding. Reads only, unless it is to repair.
 */
export class Doctor {
  readonly #violations: Violation[] = [];
  readonly #found = new Map<ViolationCode, number>();
  readonly #runsByStatus = new Map<string, number>();
  readonly #queued = new Set<string>();
  readonly #listed = new Set<string>();
  #keysSeen = 0;

  constructor(
    private readonly keys: Keyspace,
    private readonly link: RedisLink,
    private readonly options: DoctorOptions,
  ) {}

  async examine(): Promise<DoctorReport> {
    const others: KnownKey[] = [];
    const runs = new Set<string>();
    for await (const page of walkKeys(this.link, this.keys.root)) await this.#sortKeys(page, runs, others);
    await this.#checkRuns([...runs]);
    await this.#checkOthers(others);
    await this.#checkQueued();
    const truncated = [...this.#found.values()].some((count) => count > MAX_LISTED_PER_CODE);
    return {
      prefix: this.keys.root.slice(1, -2),
      keys: this.#keysSeen,
      runs: [...this.#runsByStatus.values()].reduce((sum, count) => sum + count, 0),
      runsByStatus: Object.fromEntries(this.#runsByStatus),
      violations: this.#violations,
      truncated,
    };
  }

  async #sortKeys(page: readonly string[], runs: Set<string>, others: KnownKey[]): Promise<void> {
    this.#keysSeen += page.length;
    for (const key of page) {
      const name = key.slice(this.keys.root.length);
      const known = identifyKey(name);
      if (!known) this.#report('unknown_key', name, 'no key of redflow has this name');
      else if (known.name === 'run' || known.name === 'steps' || known.name === 'children') runs.add(known.part);
      else others.push(known);
    }
  }

  async #checkRuns(ids: readonly string[]): Promise<void> {
    for (let i = 0; i < ids.length; i += RUNS_PER_CALL) {
      const page = ids.slice(i, i + RUNS_PER_CALL);
      const rows = await SCRIPTS.inspectRuns.call(this.link, this.keys.root, page);
      for (const [index, id] of page.entries()) await this.#checkRun(toInspectedRun(id, rows[index] ?? []));
    }
  }

  async #checkRun(run: InspectedRun): Promise<void> {
    if (run.type === 'none') return this.#checkLeftover(run.id);
    this.#runsByStatus.set(run.status, (this.#runsByStatus.get(run.status) ?? 0) + 1);
    if (run.status === 'queued') this.#queued.add(run.id);
    for (const { code, detail } of checkRun(run, this.options)) await this.#handle(code, run.id, detail);
  }

  // Steps or children whose run is gone; a run that was removed while we walked has left none behind.
  async #checkLeftover(id: string): Promise<void> {
    const keys = (['steps', 'children'] as const).map((name) => this.keys.key(name, id));
    const left = await this.link.request('exists', (client) => client.exists(...keys));
    if (left === 0) return;
    if (this.options.repair) await SCRIPTS.repairRun.call(this.link, this.keys.root, [id]);
    this.#report('leftover_key', id, 'steps or children of a run that is gone', this.options.repair);
  }

  async #checkOthers(others: readonly KnownKey[]): Promise<void> {
    const report = this.#report.bind(this);
    const indexes = new IndexCheck(this.keys, this.link, this.options.repair, report);
    const structures = new StructureCheck(this.keys, this.link, this.options.repair, report);
    for (const known of others) {
      if (!(await structures.checkType(known))) continue;
      if (indexRule(known)) await indexes.check(known);
      else if (isList(known.name)) await this.#noteListed(known);
      else await structures.check(known);
    }
  }

  async #noteListed(known: KnownKey): Promise<void> {
    const key = this.keys.key(known.name as KeyName, known.part);
    for await (const page of walkList(this.link, key)) for (const id of page) this.#listed.add(id);
  }

  async #checkQueued(): Promise<void> {
    for (const id of this.#queued) {
      if (this.#listed.has(id)) continue;
      const place = await SCRIPTS.findQueued.call(this.link, this.keys.root, [id]);
      if (place === 'nowhere')
        await this.#handle('queued_nowhere', id, 'queued, but in no list: nobody would execute it');
    }
  }

  async #handle(code: ViolationCode, id: string, detail: string): Promise<void> {
    const repair = this.options.repair && REPAIRABLE.has(code);
    if (repair) await SCRIPTS.repairRun.call(this.link, this.keys.root, [id]);
    this.#report(code, id, detail, repair);
  }

  #report(code: ViolationCode, subject: string, detail: string, repaired = false): void {
    const count = (this.#found.get(code) ?? 0) + 1;
    this.#found.set(code, count);
    if (count <= MAX_LISTED_PER_CODE) this.#violations.push({ code, subject, detail, repaired });
  }
}

function isList(name: KnownKey['name']): boolean {
  return name === 'ready' || name === 'orphans';
}
