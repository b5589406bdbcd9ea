import { setTimeout as delay } from 'node:timers/promises';
import { createClient, examine, type RedflowClient, type RunHandle, type Violation } from '../../../lib/index.js';
import { defineWorkflow } from '../../../lib/engine/define-workflow.js';
import { WorkflowRegistry } from '../../../lib/engine/workflow-registry.js';
import { startWorker } from '../../../lib/runtime/start-worker.js';
import { eventually } from '../../support/eventually.js';
import type { StormRedis } from '../storm/redis-server.js';

export interface RestartsResult {
  /** Enqueued and acknowledged. */
  readonly accepted: number;
  readonly notSucceeded: readonly string[];
  /** Calls of the producer that rejected; each was repeated with its idempotency key. */
  readonly refused: number;
  readonly log: readonly string[];
  readonly violations: readonly Violation[];
}

const RESTART_EVERY_MS = 700;

/** Kills Redis (SIGKILL, append-only file) again and again under load; worker and producer live through it. */
export async function restartRedis(server: StormRedis, prefix: string, times: number): Promise<RestartsResult> {
  const connection = `redis://127.0.0.1:${server.port}`;
  const log: string[] = [];
  const note = (message: string): void => void log.push(message);
  const logger = { log: note, warn: note, error: note };
  const stepped = defineWorkflow('stepped', { maxConcurrency: 20 }, async ({ step }) => {
    await step.run('one', () => delay(20));
    return step.run('two', () => delay(20).then(() => 2));
  });
  const registry = new WorkflowRegistry().add(stepped);
  const runtime = { leaseMs: 2_000, reaperIntervalMs: 100 };
  const worker = await startWorker({ app: 'matrix', registry, connection, prefix, logger, runtime, concurrency: 20 });
  const client = createClient({ connection, prefix, commandTimeoutMs: 2_000, logger: silent });
  try {
    const producer = produce(client);
    for (let i = 0; i < times; i++) {
      await delay(RESTART_EVERY_MS);
      await server.kill();
      await delay(100 * (i % 4));
      await server.boot();
      // The next loss is told only after this one is over.
      await eventually(() => log.filter((line) => line === 'connection to Redis restored').length > i);
    }
    const { handles, refused } = await producer.stop();
    const ended = await Promise.all(handles.map((handle) => handle.result({ timeoutMs: 60_000 }).catch(String)));
    const { violations } = await examine({ connection, prefix, leaseGraceMs: 0 });
    const notSucceeded = ended.filter((output) => output !== 2).map(String);
    return { accepted: handles.length, notSucceeded, refused, log, violations };
  } finally {
    await worker.stop();
    await client.close();
  }
}

const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };

/** Asks until Redis has taken it; the idempotency key makes the repetitions one run. */
function produce(client: RedflowClient) {
  const handles: RunHandle[] = [];
  let refused = 0;
  let isOver = false;
  const loop = (async () => {
    for (let i = 0; !isOver; i++) {
      for (let isTaken = false; !isTaken;) {
        try {
          handles.push(await client.runByName('stepped', i, { idempotencyKey: `key-${i}` }));
          isTaken = true;
        } catch {
          refused++;
        }
      }
      await delay(5);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await loop;
      return { handles, refused };
    },
  };
}
