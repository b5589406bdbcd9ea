import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from '../clock.js';
import type { BenchPayload, Engine } from '../engine.js';
import { queueNames } from './queue-set.js';
import type { CompletionRequest, EnqueueRequest, Sent, WaitRequest } from './roles.js';

const DEFAULT_BYTES = 100;
const DEFAULT_IN_FLIGHT = 100;
// Queues that are filled at once where there are many.
const BULK_LANES = 10;
const POLL_MS = 5;
const COMPLETION_TIMEOUT_MS = 180_000;

export async function enqueue(engine: Engine, request: EnqueueRequest): Promise<Sent> {
  const { queue, count, bulk = 0, steps, children, dueAt, bytes } = request;
  const make = (index: number) => payload({ index, steps, children, sentAt: dueAt }, bytes);
  const options = () => (dueAt === undefined ? {} : { delayMs: Math.max(1, Math.round(dueAt - nowMs())) });
  const startedAt = nowMs();
  if (bulk > 0) {
    const names = queueNames(request);
    const share = count / names.length;
    await inLanes(BULK_LANES, names.length, async (n) => {
      for (let i = 0; i < share; i += bulk) {
        const payloads = Array.from({ length: Math.min(bulk, share - i) }, (_, k) => make(i + k));
        await engine.enqueueBulk(names[n] ?? '', payloads, options());
      }
    });
  } else {
    await inLanes(request.inFlight ?? DEFAULT_IN_FLIGHT, count, (i) => engine.enqueue(queue, make(i), options()));
  }
  return { startedAt, endedAt: nowMs() };
}

export async function sendAndWait(engine: Engine, request: WaitRequest): Promise<Sent & { durations: number[] }> {
  const { queue, count, callers, steps, pauseMs } = request;
  const durations: number[] = [];
  const startedAt = nowMs();
  await inLanes(callers, count, async (index) => {
    const sentAt = nowMs();
    await engine.enqueueAndWait(queue, payload({ index, steps, sentAt }));
    durations.push(nowMs() - sentAt);
    if (pauseMs) await delay(pauseMs);
  });
  return { startedAt, endedAt: nowMs(), durations };
}

/** A queue that has its share is not asked again, so that looking costs Redis little. */
export async function whenCompleted(engine: Engine, request: CompletionRequest): Promise<void> {
  const names = queueNames(request);
  const deadline = nowMs() + COMPLETION_TIMEOUT_MS;
  const wait = async (name: string): Promise<void> => {
    while ((await engine.counts(name)).completed < request.count / names.length) {
      if (nowMs() > deadline) throw new Error(`queue ${name} has not completed its runs in time`);
      await delay(POLL_MS);
    }
  };
  await Promise.all(names.map(wait));
}

async function inLanes(lanes: number, count: number, send: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await send(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function payload(content: Omit<BenchPayload, 'padding'>, bytes = DEFAULT_BYTES): BenchPayload {
  const bare = { ...content, padding: '' };
  return { ...bare, padding: 'x'.repeat(Math.max(0, bytes - JSON.stringify(bare).length)) };
}
