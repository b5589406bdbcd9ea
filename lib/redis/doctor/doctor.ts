import { RUN_STATUSES, type RunStatus } from '../../core/run.js';
import { identifyKey, type Keyspace, type KnownKey } from '../keys.js';
import type { RedisLink } from '../link.js';
import { SCRIPTS } from '../scripts.js';
import { unlessWrongType, type Examination } from './examination.js';
import { Findings } from './findings.js';
import { IdSet } from './id-set.js';
import { IndexCheck } from './index-check.js';
import { checkRun, toInspectedRun, type InspectedRun, type RunCheckOptions } from './inspected-run.js';
import { KeyCheck } from './key-check.js';
import { pagesOf, walkKeys } from './keyspace-walk.js';
import { QueueCheck } from './queue-check.js';
import { RegistrationCheck } from './registration-check.js';
import { RetentionCheck } from './retention-check.js';
import { SlotCheck } from './slot-check.js';
import { StepCheck } from './step-check.js';
import type { DoctorReport, ViolationCode } from './violation.js';

export interface DoctorOptions extends RunCheckOptions {
  /** Puts right what is provably safe to put right. */
  readonly repair: boolean;
  /** Whether finished runs must be removed one day. */
  readonly retentionExpected: boolean;
}

const RUNS_PER_CALL = 50;
const RUN_ID = /^[0-9A-Za-z]+$/;
/** What `repair-run` puts right: indexes, for which the hash of the run alone is trusted. */
const REPAIRABLE: ReadonlySet<ViolationCode> = new Set<ViolationCode>([
  'unindexed_run',
  'lease_missing',
  'schedule_missing',
]);

/**
 * Checks the invariants of a prefix, live or quiet: each call to Redis is bounded and sees one instant,
 * so that work that goes on meanwhile is no finding. Goes through the keys page by page, and keeps of each run
 * but a mark. Reads only, unless it is to repair.
 */
export class Doctor {
  readonly #examination: Examination;
  readonly #keys: KeyCheck;
  readonly #indexes: IndexCheck;
  readonly #queues: QueueCheck;
  readonly #steps: StepCheck;
  readonly #registration: RegistrationCheck;
  readonly #slots: SlotCheck;
  readonly #retention: RetentionCheck;
  readonly #seen = new IdSet();
  readonly #runsByStatus = new Map<string, number>();
  #keysSeen = 0;

  constructor(
    keys: Keyspace,
    link: RedisLink,
    private readonly options: DoctorOptions,
  ) {
    this.#examination = { keys, link, findings: new Findings(), repair: options.repair };
    this.#keys = new KeyCheck(this.#examination);
    this.#indexes = new IndexCheck(this.#examination);
    this.#queues = new QueueCheck(this.#examination);
    this.#steps = new StepCheck(this.#examination);
    this.#registration = new RegistrationCheck(this.#examination);
    this.#slots = new SlotCheck(this.#examination);
    this.#retention = new RetentionCheck(this.#examination);
  }

  async examine(): Promise<DoctorReport> {
    const { keys, link, findings } = this.#examination;
    for await (const page of walkKeys(link, keys.root)) await this.#checkPage(page);
    await this.#queues.finish();
    // Last: what was repaired may have freed slots.
    await this.#slots.check();
    return {
      prefix: keys.root.slice(1, -2),
      keys: this.#keysSeen,
      runs: [...this.#runsByStatus.values()].reduce((sum, count) => sum + count, 0),
      runsByStatus: Object.fromEntries(this.#runsByStatus),
      ...findings.summary(),
    };
  }

  async #checkPage(page: readonly string[]): Promise<void> {
    this.#keysSeen += page.length;
    const runs: string[] = [];
    const others: KnownKey[] = [];
    for (const key of page) {
      const known = this.#identify(key.slice(this.#examination.keys.root.length));
      if (known?.name !== 'run') others.push(...(known ? [known] : []));
      else if (this.#seen.add(known.part)) runs.push(known.part);
    }
    for (const ids of pagesOf(runs, RUNS_PER_CALL)) await this.#checkRuns(ids);
    await this.#checkOthers(await this.#keys.check(others));
  }

  #identify(name: string): KnownKey | undefined {
    const known = identifyKey(name);
    const ofRun = known?.name === 'run' || known?.name === 'steps' || known?.name === 'children';
    if (known && !(ofRun && !RUN_ID.test(known.part)) && !(known.name === 'index' && !isStatus(known.status)))
      return known;
    this.#examination.findings.report('unknown_key', name, 'no key of redflow has this name');
    return undefined;
  }

  async #checkRuns(ids: readonly string[]): Promise<void> {
    const { link, keys } = this.#examination;
    const rows = await SCRIPTS.inspectRuns.call(link, keys.root, ids);
    const runs = ids.map((id, index) => toInspectedRun(id, rows[index] ?? []));
    for (const run of runs) await this.#checkRun(run);
    const readable = runs.filter((run) => run.readable);
    await this.#queues.check(readable.filter(({ status }) => status === 'queued'));
    await this.#steps.check(readable.map(({ id }) => id));
  }

  async #checkRun(run: InspectedRun): Promise<void> {
    // Removed since its key was met.
    if (run.type === 'none') return;
    const status = run.readable ? run.status : 'corrupt';
    this.#runsByStatus.set(status, (this.#runsByStatus.get(status) ?? 0) + 1);
    const { findings, repair } = this.#examination;
    if (!run.readable) {
      findings.report('corrupt_run', run.id, `a ${run.type} with status "${run.status}", or without what a run needs`);
      return;
    }
    for (const { code, detail } of checkRun(run, this.options)) {
      const repaired = repair && REPAIRABLE.has(code) && (await this.#repairRun(run.id));
      findings.report(code, run.id, detail, repaired);
    }
  }

  async #checkOthers(others: readonly KnownKey[]): Promise<void> {
    const workflows: string[] = [];
    for (const known of others) {
      if (known.name === 'workflow') workflows.push(known.part);
      else if (known.name === 'workflows') await this.#registration.checkNames();
      else if (known.name === 'cronDef') await this.#registration.checkDefinitions();
      else if (known.name === 'cronNext') await this.#registration.checkPlans();
      else await this.#checkIndex(known);
    }
    await this.#registration.checkWorkflows(workflows);
    const ofRuns = others.filter(({ name }) => name === 'steps' || name === 'children');
    for (const keys of pagesOf(ofRuns, RUNS_PER_CALL)) await this.#checkLeftovers(keys);
  }

  async #checkIndex(known: KnownKey): Promise<void> {
    await this.#indexes.check(known);
    if (known.name === 'index' && this.options.retentionExpected) await this.#retention.check(known);
  }

  async #checkLeftovers(page: readonly KnownKey[]): Promise<void> {
    const { link, keys } = this.#examination;
    const rows = await SCRIPTS.inspectSteps.call(link, keys.root, [0, ...page.map(({ part }) => part)]);
    for (const [index, known] of page.entries()) if (rows[index]?.[0] === 'gone') await this.#checkLeftover(known);
  }

  // What a removed run leaves of children that are still to be canceled is in order.
  async #checkLeftover({ name, part }: KnownKey): Promise<void> {
    const { link, keys, findings, repair } = this.#examination;
    const cascades = keys.key('cascades');
    const isMember = link.request('sismember', (client) => client.sismember(cascades, part));
    if ((await unlessWrongType(isMember)) === 1 && name === 'children') return;
    const key = keys.key(name === 'steps' ? 'steps' : 'children', part);
    if ((await link.request('exists', (client) => client.exists(key))) === 0) return;
    findings.report('leftover_key', part, `${name} of a run that is gone`, repair && (await this.#repairRun(part)));
  }

  async #repairRun(id: string): Promise<boolean> {
    const { link, keys } = this.#examination;
    return (await unlessWrongType(SCRIPTS.repairRun.call(link, keys.root, [id]))) === 1;
  }
}

function isStatus(text: string | undefined): text is RunStatus {
  return RUN_STATUSES.some((status) => status === text);
}
