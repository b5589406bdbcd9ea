import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { defineWorkflow, examine, type Violation } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { newClient, newWorker, type Place } from './feature-round.js';

const BEFORE = 40;
const AFTER = 40;
const PAUSE_MS = 20;
const SETTLE_MS = 90_000;

export interface LoadFigures {
  /** Runs whose start was confirmed. */
  readonly started: number;
  /** Starts that were refused or got no answer while the fault was there. */
  readonly refused: number;
  /** Confirmed runs that did not succeed. */
  readonly lost: readonly string[];
  /** Runs of which a step was executed again after a run had gone on past it. */
  readonly twice: readonly string[];
  readonly violations: readonly Violation[];
  /** From the fault until a run that was started after it had begun to execute, in ms. */
  readonly recoveryMs: number;
}

/** What a run did, as its worker saw it. */
class Witness {
  readonly #passed = new Set<string>();
  readonly twice: string[] = [];
  readonly begun = new Set<string>();

  first(key: string): string {
    this.begun.add(key);
    if (this.#passed.has(key)) this.twice.push(key);
    return 'first';
  }

  // Reached only once the first step is stored.
  second(key: string): string {
    this.#passed.add(key);
    return 'second';
  }
}

/**
 * Keeps starting runs of two steps, lets `fault` happen among them, and waits until all that was confirmed
 * has ended. One client and one worker, which nobody starts again.
 */
export async function underLoad(place: Place, fault: () => Promise<void>): Promise<LoadFigures> {
  const witness = new Witness();
  const work = defineWorkflow('work', { queue: 'q', maxConcurrency: 20 }, async ({ step, input }) => {
    const { key } = input as { key: string };
    await step.run('first', () => witness.first(key));
    await delay(30);
    return step.run('second', () => witness.second(key));
  });
  const client = newClient(place);
  const worker = await newWorker(place, [work]);
  try {
    const started = new Map<string, string>();
    let refused = 0;
    const start = async (key: string): Promise<void> => {
      await client.run(work, { key }, { idempotencyKey: key }).then(
        ({ id }) => void started.set(key, id),
        () => void refused++,
      );
    };
    for (let i = 0; i < BEFORE; i++) await Promise.all([start(`before-${i}`), delay(PAUSE_MS)]);
    let isOver = false;
    const during: Promise<void>[] = [];
    const faultAt = performance.now();
    const over = fault().finally(() => (isOver = true));
    for (let i = 0; !isOver; i++) {
      during.push(start(`during-${i}`));
      await delay(PAUSE_MS * 5);
    }
    await over;
    await Promise.all(during);
    for (let i = 0; i < AFTER; i++)
      await eventually(() => start(`after-${i}`).then(() => started.has(`after-${i}`)), 60_000);
    await eventually(() => witness.begun.has('after-0'), 60_000);
    const recoveryMs = Math.round(performance.now() - faultAt);
    const lost = await unfinished(client, [...started.values()]);
    const { violations } = await examine(place);
    return { started: started.size, refused, lost, twice: witness.twice, violations, recoveryMs };
  } finally {
    await worker.stop();
    await client.close();
  }
}

/** Waits until all have succeeded; which have not, once no more are expected to. */
async function unfinished(client: ReturnType<typeof newClient>, ids: readonly string[]): Promise<string[]> {
  let open: string[] = [...ids];
  await eventually(async () => {
    const states = await Promise.all(open.map((id) => client.getRun(id)));
    open = open.filter((_, index) => states[index]?.status !== 'succeeded');
    return open.length === 0;
  }, SETTLE_MS).catch(() => undefined);
  return open;
}
