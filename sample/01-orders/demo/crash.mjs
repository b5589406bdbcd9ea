import { setTimeout as delay } from 'node:timers/promises';

/** So many calls must be cut off, or the crash would prove little. */
const ENOUGH = 5;
const PATIENCE_MS = 20_000;

/**
 * Kills the worker in the middle of its work: freezes it, asks the provider which of its calls are
 * unanswered, and kills it only if there are enough. Gives the orders whose calls were cut off.
 */
export async function crash(worker, provider) {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await delay(10)) {
    worker.signal('SIGSTOP');
    const open = await provider.openCalls(worker.name);
    if (open.length >= ENOUGH) {
      await worker.kill();
      return [...new Set(open)];
    }
    worker.signal('SIGCONT');
  }
  throw new Error(`${worker.name} never had ${ENOUGH} calls in flight, so there was nothing to show`);
}
