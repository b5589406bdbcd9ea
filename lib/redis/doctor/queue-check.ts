import { SCRIPTS } from '../scripts.js';
import { flag, unlessWrongType, type Examination } from './examination.js';
import { IdSet } from './id-set.js';
import type { InspectedRun } from './inspected-run.js';
import { pagesOf, walkList } from './keyspace-walk.js';

const MAX_CANDIDATES = 10_000;
const RUNS_PER_CALL = 20;
/** More than a list grows by at one end between a walk over it and the look at its ends. */
const ENDS = 2_000;

/**
 * Is every queued run in a list, or parked? The lists are walked once, when the first run of a queue is met; runs
 * that were queued since are looked for in another walk.
 */
export class QueueCheck {
  readonly #listed = new IdSet();
  readonly #walked = new Set<string>();
  /** Runs that were not met, with their queues. */
  #candidates = new Map<string, string>();

  constructor(private readonly examination: Examination) {}

  async check(runs: readonly InspectedRun[]): Promise<void> {
    for (const { id, queue, parked } of runs) {
      if (parked !== '') continue;
      await this.#walkOnce(queue);
      if (!this.#listed.has(id)) this.#candidates.set(id, queue);
    }
    if (this.#candidates.size >= MAX_CANDIDATES) await this.finish();
  }

  /** Looks for those that were not met. */
  async finish(): Promise<void> {
    const suspects = await this.#lookAgain(this.#candidates, false);
    this.#candidates = new Map();
    // Twice: between a walk and the look at the ends a run may have gone from the one to the other.
    const lost = await this.#lookAgain(suspects, this.examination.repair);
    for (const id of lost.keys()) {
      const detail = 'queued, but neither in a list nor parked: nobody would execute it';
      this.examination.findings.report('queued_nowhere', id, detail, this.examination.repair);
    }
  }

  async #walkOnce(queue: string): Promise<void> {
    if (this.#walked.size === 0) await this.#walk(this.examination.keys.key('orphans'), this.#listed);
    if (this.#walked.has(queue)) return;
    this.#walked.add(queue);
    await this.#walk(this.examination.keys.key('ready', queue), this.#listed);
  }

  async #lookAgain(runs: ReadonlyMap<string, string>, repair: boolean): Promise<Map<string, string>> {
    const { keys, link } = this.examination;
    const missing = new Map<string, string>();
    if (runs.size === 0) return missing;
    const listed = new IdSet();
    await this.#walk(keys.key('orphans'), listed);
    for (const queue of new Set(runs.values())) await this.#walk(keys.key('ready', queue), listed);
    const unseen = [...runs].filter(([id]) => !listed.has(id));
    for (const page of pagesOf(unseen, RUNS_PER_CALL)) {
      const args = [flag(repair), ENDS, ...page.map(([id]) => id)];
      const nowhere = await unlessWrongType(SCRIPTS.findQueued.call(link, keys.root, args));
      page.forEach(([id, queue], index) => nowhere?.[index] === 1 && missing.set(id, queue));
    }
    return missing;
  }

  // A list of the wrong type is reported as such, and holds nothing.
  async #walk(key: string, into: IdSet): Promise<void> {
    const { link } = this.examination;
    if ((await link.request('type', (client) => client.type(key))) !== 'list') return;
    for await (const ids of walkList(link, key)) for (const id of ids) into.add(id);
  }
}
