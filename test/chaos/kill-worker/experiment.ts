import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type RedflowClient } from '../../../lib/index.js';
import { Random } from '../../support/random.js';
import { readJournal, type JournalEvent } from './journal.js';
import { allRuns, judge, type Evidence, type Verdict } from './verdict.js';
import { WorkerProcess, type WorkerOrder } from './worker-process.js';
import { defineWorkflows, type ParcelInput } from './workflows.js';

export interface Experiment {
  readonly connection: string;
  readonly prefix: string;
  /** Kills in the middle of a step. */
  readonly kills: number;
  readonly seed: number;
  readonly leaseMs?: number;
  readonly onProgress?: (text: string) => void;
}

/** A moment at which a worker was killed. */
export interface Kill {
  readonly worker: number;
  readonly at: number;
  /** When the next worker got to work. */
  readonly successorAt: number;
  /** Events in the journal until then. */
  readonly events: number;
  /** `run/step` of the steps that Redis has as succeeded after it. */
  readonly stored: ReadonlySet<string>;
}

const DEFAULT_LEASE_MS = 300;
const RUNS_PER_KILL = 2;
const LONGEST_STEP_MS = 40;
const MOST_STEPS_BEFORE_KILL = 8;
const DRAIN_TIMEOUT_MS = 120_000;

/**
 * Kills the only worker again and again with SIGKILL in the middle of steps, starts another each time,
 * and in the end holds what Redis says against the journal that the workers have kept.
 */
export async function killWorkers(experiment: Experiment): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'redflow-chaos-'));
  const { connection, prefix, leaseMs = DEFAULT_LEASE_MS } = experiment;
  const order = { connection, prefix, leaseMs, journal: join(folder, 'journal.jsonl') };
  const client = createClient({ connection, prefix });
  const laboratory = new Laboratory(experiment, client, order);
  try {
    return await laboratory.run();
  } finally {
    await laboratory.close();
    await client.close();
    await rm(folder, { recursive: true });
  }
}

class Laboratory {
  readonly #random: Random;
  readonly #inputs = new Map<string, ParcelInput>();
  readonly #kills: Kill[] = [];
  #midStep = 0;
  #standby = new WorkerProcess();
  #worker = this.#standby;

  constructor(
    private readonly experiment: Experiment,
    private readonly client: RedflowClient,
    private readonly order: WorkerOrder,
  ) {
    this.#random = new Random(experiment.seed);
  }

  async run(): Promise<Verdict> {
    const { kills, onProgress } = this.experiment;
    await this.#startWorker();
    while (this.#midStep < kills) {
      await this.#enqueue(RUNS_PER_KILL);
      const dead = await this.#kill();
      this.#kills.push({ ...dead, successorAt: await this.#startWorker() });
      onProgress?.(`${this.#midStep} of ${kills} kills in the middle of a step`);
    }
    await this.#drain();
    await this.#worker.stop();
    return judge(await this.#evidence(), this.client, this.order);
  }

  async close(): Promise<void> {
    await Promise.all([this.#worker.kill(), this.#standby.kill()]);
  }

  async #enqueue(runs: number): Promise<void> {
    const { parcel } = defineWorkflows();
    for (let i = 0; i < runs; i++) {
      const input = { index: this.#inputs.size, stepMs: this.#random.between(5, LONGEST_STEP_MS) };
      this.#inputs.set((await this.client.run(parcel, input)).id, input);
    }
  }

  // The next one is loaded meanwhile, so that the death of a worker is followed at once by a new one.
  async #startWorker(): Promise<number> {
    this.#worker = this.#standby;
    this.#standby = new WorkerProcess();
    await this.#worker.start(this.order);
    return Date.now();
  }

  async #kill(): Promise<Omit<Kill, 'successorAt'>> {
    const worker = this.#worker;
    await worker.whenBegun(this.#random.between(1, MOST_STEPS_BEFORE_KILL));
    await delay(this.#random.between(0, LONGEST_STEP_MS));
    await worker.kill();
    const at = Date.now();
    const events = readJournal(this.order.journal);
    if (openSteps(events, worker.pid) > 0) this.#midStep++;
    return { worker: worker.pid, at, events: events.length, stored: await this.#storedSteps() };
  }

  async #storedSteps(): Promise<Set<string>> {
    const stored = new Set<string>();
    for (const { id } of await allRuns(this.client)) {
      for (const { name, status } of await this.client.getRunSteps(id)) {
        if (status === 'succeeded') stored.add(`${id}/${name}`);
      }
    }
    return stored;
  }

  async #drain(): Promise<void> {
    const deadline = performance.now() + DRAIN_TIMEOUT_MS;
    const unfinished = new Set(this.#inputs.keys());
    while (unfinished.size > 0 && performance.now() < deadline) {
      for (const id of unfinished) if ((await this.client.getRun(id))?.finishedAt !== undefined) unfinished.delete(id);
      this.experiment.onProgress?.(`${unfinished.size} runs are left`);
      await delay(50);
    }
  }

  async #evidence(): Promise<Evidence> {
    return {
      inputs: this.#inputs,
      kills: this.#kills,
      midStep: this.#midStep,
      events: readJournal(this.order.journal),
    };
  }
}

/** Bodies of steps that a worker has begun and not ended. */
function openSteps(events: readonly JournalEvent[], worker: number): number {
  const own = events.filter((event) => event.worker === worker);
  return own.filter(({ event }) => event === 'begun').length - own.filter(({ event }) => event === 'done').length;
}
