import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '../../../lib/index.js';
import { Journal } from './journal.js';
import { Random } from '../../support/random.js';
import { readSettings } from './settings.js';

const { url, prefix, journals, seed } = readSettings();
const journal = new Journal(journals);
const random = new Random(seed);
const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };
const client = createClient({ connection: url, prefix, logger: silent, commandTimeoutMs: 2_000 });
const kinds = ['plain', 'plain', 'serial', 'retried', 'parent'] as const;
let running = true;

/** Asks until Redis has taken it: the idempotency key makes the repetitions one run. */
async function untilTaken<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      journal.write({ event: 'refused', what: (error as Error).message });
      await delay(50);
    }
  }
}

async function enqueue(key: string): Promise<string> {
  const workflow = random.pick(kinds);
  const input = { key, steps: random.between(1, 4), value: random.between(0, 100) };
  const delayMs = random.next() < 0.1 ? random.between(1, 400) : undefined;
  journal.write({ event: 'asked', key });
  const { id } = await untilTaken(() => client.runByName(workflow, input, { idempotencyKey: key, delayMs }));
  journal.write({ event: 'accepted', key, run: id });
  return id;
}

const BURST = 1_200;

/** Quick runs, many at once, so that workers read ahead. */
async function produceBursts(): Promise<void> {
  for (let burst = 0; running; burst++) {
    const requests = Array.from({ length: BURST }, (_, index) => {
      const key = `${process.pid}-burst-${burst}-${index}`;
      const input = { key, steps: random.between(1, 4), value: random.between(0, 1_000) };
      return { workflow: 'quick', input, options: { idempotencyKey: key } };
    });
    for (const { input } of requests) journal.write({ event: 'asked', key: input.key });
    const handles = await untilTaken(() => client.runMany(requests));
    handles.forEach(({ id }, index) => journal.write({ event: 'accepted', key: requests[index]!.input.key, run: id }));
    await delay(random.between(6_000, 16_000));
  }
}

async function produce(lane: number): Promise<void> {
  for (let i = 0; running; i++) {
    const run = await enqueue(`${process.pid}-${lane}-${i}`);
    if (random.next() < 0.05) {
      const changed = await client.cancelRun(run, { reason: 'storm' }).catch(() => undefined);
      if (changed !== undefined) journal.write({ event: 'cancel', run, changed });
    }
    await delay(random.between(5, 25));
  }
}

const lanes = [...[0, 1, 2].map((lane) => produce(lane)), produceBursts()];
process.on('SIGTERM', () => {
  running = false;
  void Promise.all(lanes)
    .then(() => client.close())
    .then(() => {
      journal.close();
      process.exit(0);
    });
});
process.send?.('ready');
