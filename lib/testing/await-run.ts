import { RunCanceledError } from '../core/errors/run-canceled.error.js';
import { RunFailedError } from '../core/errors/run-failed.error.js';
import { RunNotFoundError } from '../core/errors/run-not-found.error.js';
import { TimeoutError } from '../core/errors/timeout.error.js';
import type { RunState } from '../core/run.js';
import type { StepState } from '../core/step.js';
import type { RedflowClient } from '../engine/client.js';
import type { RunHandle } from '../engine/run-handle.js';
import { RunNotEndedError } from './run-not-ended.error.js';

export interface AwaitRunOptions {
  /** Default 10 000. */
  readonly timeoutMs?: number;
}

/** The final state of a run, and its steps in order of `seq`. */
export interface EndedRun<Output = unknown> extends RunState<Output> {
  readonly steps: readonly StepState[];
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Resolves when the run has ended, in whatever way: look at `status`, `output`, `error` and `steps` of what it gives.
 *
 * @param run a handle, or the id of the run
 * @throws RunNotEndedError after `timeoutMs`, which says how far the run has come; RunNotFoundError
 */
export async function awaitRun<Output = unknown>(
  client: RedflowClient,
  run: RunHandle<Output> | string,
  options: AwaitRunOptions = {},
): Promise<EndedRun<Output>> {
  const handle = typeof run === 'string' ? client.getHandle<Output>(run) : run;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  try {
    await handle.result({ timeoutMs });
  } catch (error) {
    if (error instanceof TimeoutError) throw new RunNotEndedError(await look(client, handle), timeoutMs);
    if (!(error instanceof RunFailedError || error instanceof RunCanceledError)) throw error;
  }
  return look(client, handle);
}

async function look<Output>(client: RedflowClient, { id }: RunHandle<Output>): Promise<EndedRun<Output>> {
  const [state, steps] = await Promise.all([client.getRun(id), client.getRunSteps(id)]);
  if (!state) throw new RunNotFoundError(id);
  return { ...(state as RunState<Output>), steps };
}
