import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionError } from '../core/errors/connection.error.js';
import type { ExecutionSession } from './execution-session.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
// A write that Redis answers with an error again and again is left to the recovery of the run.
const MAX_REFUSALS = 20;

/**
 * Repeats a write until the store has taken it. Every write is safe to repeat, so a lost reply costs
 * nothing. Gives `ended` once the execution has ended: then the write no longer matters.
 *
 * @throws what is no fault of the connection, or what Redis has refused too often
 */
export function persist<T, E>(session: ExecutionSession, write: () => Promise<T>, ended: E): Promise<T | E> {
  if (session.isEnded) return Promise.resolve(ended);
  return write().catch((error: unknown) => repeat(session, write, ended, error));
}

async function repeat<T, E>(
  session: ExecutionSession,
  write: () => Promise<T>,
  ended: E,
  firstError: unknown,
): Promise<T | E> {
  let error = firstError;
  let refusals = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    if (!(error instanceof ConnectionError) || (error.refused && ++refusals === MAX_REFUSALS)) throw error;
    await delay(pause, undefined, { signal: session.abandoned }).catch(() => undefined);
    if (session.isEnded) return ended;
    try {
      return await write();
    } catch (again) {
      error = again;
    }
  }
}
