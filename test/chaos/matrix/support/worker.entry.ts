// Not by the front door: Nest would make every new worker slow to load.
import { syncRegistry } from '../../../../lib/engine/registration.js';
import { resolveWorkerSettings } from '../../../../lib/engine/worker-options.js';
import { Worker } from '../../../../lib/engine/worker.js';
import { RedisStore } from '../../../../lib/redis/redis-store.js';
import { resolveOptions } from '../../../../lib/runtime/options.js';
import { offsetClock } from './offset-clock.js';
import { WitnessedStore, type Intervention } from './witnessed-store.js';
import { readOrder, type Command, type TickPoint, type TickStrike, type Told } from './worker-order.js';
import { registryOf } from './workflows.js';

const order = readOrder();
if (order.clockOffsetMs) offsetClock(order.clockOffsetMs);

const tell = (told: Told): void => void process.send?.(told);
const options = resolveOptions({ connection: order.connection, prefix: order.prefix, commandTimeoutMs: 2_000 });
const store = new WitnessedStore(new RedisStore(options), tell, interventions());
const registry = registryOf(order.workflows, tell);
const { concurrency = 10, drainTimeoutMs = 1_000, leaseMs = 600, maxRecoveries } = order;
const settings = resolveWorkerSettings(
  { concurrency, drainTimeoutMs, runtime: { leaseMs, reaperIntervalMs: 50, maxRecoveries } },
  registry,
);
const { payloads, retention } = options;
await syncRegistry({ store: store.registry, payloads }, registry, 'matrix');
const log = (level: string) => (message: string) => tell({ event: level, detail: message });
const logger = { log: log('log'), warn: log('warn'), error: log('error') };
const worker = new Worker({ store, registry, payloads, retention, settings, logger, app: 'matrix' });
worker.start();

let isStopping = false;
let strike: TickStrike | undefined;
process.on('message', (command: Command) => {
  if (command === 'stop') void stop();
  else strike = command;
});
process.on('SIGTERM', () => void stop());
// The parent is gone.
process.on('disconnect', () => isStopping || process.exit(1));
tell({ event: 'started' });

async function stop(): Promise<void> {
  isStopping = true;
  await worker.stop();
  await store.close();
  process.disconnect();
}

function interventions(): Intervention {
  let renewalsToFail = order.failedRenewals ?? 0;
  let isCandidate = false;
  return async (method, call, [request]) => {
    if (method === 'work.extendLeases' && renewalsToFail > 0) {
      renewalsToFail--;
      throw new Error('the renewal was rejected');
    }
    if (method === 'registry.cronAgenda') {
      if (!isCandidate) tell({ event: 'candidate', detail: (request as { leaderId: string }).leaderId });
      isCandidate = true;
      await comeTo('before_agenda');
    }
    return method === 'registry.cronTick' ? tick(call) : call();
  };
}

async function tick(call: () => Promise<unknown>): Promise<unknown> {
  await comeTo('before_tick');
  const reply = call();
  await comeTo('tick_sent');
  const result = await reply;
  await comeTo('tick_done');
  tell({ event: 'tick', detail: String(result) });
  return result;
}

// By itself, so that it is at exactly this point.
async function comeTo(point: TickPoint): Promise<void> {
  if (strike?.onTick !== point) return;
  if (strike.passes > 0) return void (strike = { ...strike, passes: strike.passes - 1 });
  const { signal } = strike;
  strike = undefined;
  // What is killed says so by its end; what is frozen must have said it before.
  if (signal === 'SIGSTOP') await new Promise((sent) => process.send?.({ event: 'struck' }, sent));
  process.kill(process.pid, signal);
}
