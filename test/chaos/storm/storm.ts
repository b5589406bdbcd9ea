import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { countHolders } from '../../redis/begun.js';
import { createClient } from '../../../lib/index.js';
import { bundlePrograms } from './bundle.js';
import { Cast } from './cast.js';
import { FAULTS, type Stage } from './faults.js';
import { Journal, readJournals } from './journal.js';
import { Proxy } from './proxy.js';
import { Random } from '../../support/random.js';
import { StormRedis } from './redis-server.js';
import { SERIAL_LIMIT, type StormSettings } from './settings.js';
import { tell } from './story.js';
import { judge, type Figures } from './verdict.js';

export interface StormOptions {
  readonly seed: number;
  /** How long faults are injected, in ms. */
  readonly durationMs: number;
  readonly leaseMs?: number;
  readonly workers?: number;
  /** Only these kinds of fault. Default: all. */
  readonly kinds?: readonly string[];
  readonly onProgress?: (message: string) => void;
}

export interface StormResult {
  readonly seed: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly figures: Figures;
  readonly problems: readonly string[];
  /** What the journal tells of the runs that have problems, or a step that was frozen at its begin. */
  readonly story: readonly string[];
}

const QUIESCENCE_MS = 120_000;
const SLOTS_SAMPLE_MS = 50;
/** At least so many steps must have been stored per second: nothing passes by doing nothing. */
const PROGRESS_FLOOR_PER_SECOND = 4;

/** Runs workflows under a seeded schedule of faults, lets everything heal and come to rest, and judges. */
export async function storm(options: StormOptions): Promise<StormResult> {
  const { seed, durationMs, leaseMs = 1_500, workers = 3 } = options;
  const journals = mkdtempSync(join(tmpdir(), 'redflow-journal-'));
  const redis = await StormRedis.start();
  const proxy = await Proxy.start(redis.port);
  const prefix = `storm-${seed}`;
  const url = `redis://127.0.0.1:${proxy.port}`;
  const settings: StormSettings = { url, prefix, journals, leaseMs, seed };
  const programs = await bundlePrograms();
  const journal = new Journal(journals);
  const cast = new Cast(settings, programs.folder, journal);
  try {
    for (let i = 0; i < workers; i++) await cast.addWorker();
    await cast.addProducer(seed + 1);
    const slots = watchSlots(redis, prefix);
    const faults = await injectFaults({ cast, redis, proxy, random: new Random(seed), leaseMs, journal }, options);
    await cast.stopProducers();
    await comeToRest(redis, prefix);
    const exceeded = slots.stop();
    await cast.stopWorkers();
    const direct = `redis://127.0.0.1:${redis.port}`;
    const entries = readJournals(journals);
    const { problems, figures } = await judge({ url: direct, prefix, journal: entries });
    return {
      seed,
      faults,
      figures,
      problems: [...problems, ...cast.crashes, ...exceeded, ...tooLittle(figures, durationMs)],
      story: tell([...problems, ...figures.frozenAtBegin], entries),
    };
  } finally {
    await cast.stopProducers();
    await cast.stopWorkers();
    await proxy.close();
    await redis.close();
    programs.remove();
    journal.close();
    rmSync(journals, { recursive: true, force: true });
  }
}

async function injectFaults(
  stage: Stage,
  { durationMs, kinds, onProgress }: StormOptions,
): Promise<Record<string, number>> {
  const names = kinds ?? Object.keys(FAULTS);
  const counts: Record<string, number> = {};
  const end = performance.now() + durationMs;
  await delay(500);
  while (performance.now() < end) {
    const name = stage.random.pick(names);
    const pauseMs = stage.random.between(50, 700);
    onProgress?.(name);
    stage.journal.write({ event: 'fault', name });
    await FAULTS[name]?.(stage);
    stage.journal.write({ event: 'healed', name });
    counts[name] = (counts[name] ?? 0) + 1;
    await delay(pauseMs);
  }
  return counts;
}

/** Until no run is on its way any more. */
async function comeToRest(redis: StormRedis, prefix: string): Promise<void> {
  const client = createClient({ connection: `redis://127.0.0.1:${redis.port}`, prefix });
  const deadline = performance.now() + QUIESCENCE_MS;
  try {
    for (;;) {
      const pages = await Promise.all(
        (['scheduled', 'queued', 'running', 'waiting'] as const).map((status) => client.listRuns({ status, limit: 1 })),
      );
      if (pages.every(({ runs }) => runs.length === 0) || performance.now() > deadline) return;
      await delay(100);
    }
  } finally {
    await client.close();
  }
}

/** Looks all the time whether more runs hold slots than there are. */
function watchSlots(redis: StormRedis, prefix: string): { stop(): string[] } {
  let most = 0;
  const timer = setInterval(() => {
    countHolders(redis.commands, `{${prefix}}:`, 'serial')
      .then((holders) => (most = Math.max(most, holders)))
      .catch(() => undefined);
  }, SLOTS_SAMPLE_MS);
  return {
    stop() {
      clearInterval(timer);
      return most > SERIAL_LIMIT ? [`${most} runs held ${SERIAL_LIMIT} slots at one instant`] : [];
    },
  };
}

function tooLittle({ steps }: Figures, durationMs: number): string[] {
  const floor = Math.floor((durationMs / 1_000) * PROGRESS_FLOOR_PER_SECOND);
  return steps >= floor
    ? []
    : [`only ${steps} steps in ${durationMs} ms, at least ${floor} are needed for the storm to mean anything`];
}
