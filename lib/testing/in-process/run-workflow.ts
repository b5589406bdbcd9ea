import type { Codec } from '../../core/codec.js';
import { RedflowError } from '../../core/errors/redflow.error.js';
import type { Journaled } from '../../core/journaled.js';
import { checkInteger } from '../../core/names.js';
import { Payloads, type PayloadLimits } from '../../core/payloads.js';
import { resolveRetention } from '../../core/retention.js';
import { newRunId } from '../../core/run-id.js';
import type { TerminalStatus } from '../../core/run.js';
import type { SerializedError } from '../../core/serialized-error.js';
import type { StepState } from '../../core/step.js';
import { Executor } from '../../engine/executor.js';
import { encodeInput } from '../../engine/input.js';
import { SILENT_LOGGER, type Logger } from '../../engine/logger.js';
import { toStepState } from '../../engine/run-view.js';
import { StoreClock } from '../../engine/store-clock.js';
import { parseStoredError } from '../../engine/stored-error.js';
import { WorkflowRegistry } from '../../engine/workflow-registry.js';
import { ChildStubs, type ChildStub } from './child-stubs.js';
import { Crashes, type Replay } from './crashes.js';
import { MemoryStore } from './memory-store.js';
import { toDefinition, type InputOf, type OutputOf, type RunnableWorkflow } from './runnable-workflow.js';

export interface RunWorkflowOptions {
  /** Where the run is crashed and executed again from its stored steps. Default: nowhere. */
  readonly replay?: Replay;
  /** Answers for child workflows, by the name of the workflow. One that the run waits for must be there. */
  readonly children?: Readonly<Record<string, ChildStub>>;
  /** Instead of `retries.maxAttempts` of the workflow. */
  readonly maxAttempts?: number;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Default JSON. */
  readonly codec?: Codec;
  readonly limits?: PayloadLimits;
}

/** How a run in this process has ended. */
export interface FinishedRun<Output = unknown> {
  readonly status: TerminalStatus;
  readonly output: Output | undefined;
  readonly error: SerializedError | undefined;
  /** The attempt in which it has ended, from 1. */
  readonly attempts: number;
  /** How often handler or `onFailure` were started: attempts, replays, and continuations after a child. */
  readonly executions: number;
  /** In order of `seq`. */
  readonly steps: readonly StepState[];
}

const MAX_EXECUTIONS = 1_000;

/**
 * Runs a workflow in this process, without Redis, by the engine that workers use: steps are executed, input, results
 * and output pass through the codec, `@Step` methods of the given instance are durable, retries and `onFailure` happen
 * (without waiting for the back-off), and a run that waits for a child is suspended and replayed. With `replay` it is
 * also replayed where a crash would, so that code which does not bear it shows in a unit test.
 *
 * Resolves for a failed run too. Time limits of runs and steps are real time.
 *
 * @throws ValidationError, SerializationError for the input; ConfigurationError for the arguments, a missing stub of
 *   a child, or a name in `replay` that no step had
 */
export async function runWorkflow<W extends RunnableWorkflow>(
  workflow: W,
  input: InputOf<W>,
  options: RunWorkflowOptions = {},
): Promise<FinishedRun<Journaled<OutputOf<W>>>> {
  const definition = toDefinition(workflow);
  const payloads = new Payloads(options.codec, options.limits);
  const crashes = new Crashes(options.replay);
  const run = {
    id: newRunId(),
    workflow: definition.name,
    queue: definition.queue,
    input: await encodeInput(payloads, definition.name, definition.schema, input),
    maxAttempts: checkInteger('maxAttempts', options.maxAttempts ?? definition.retries.maxAttempts ?? 1, 1),
  };
  const store = new MemoryStore(run, new ChildStubs(options.children ?? {}, payloads), crashes);
  const clock = new StoreClock();
  const executor = new Executor({
    store,
    registry: new WorkflowRegistry().add(definition),
    payloads,
    retention: resolveRetention(),
    clock,
    logger: options.logger ?? SILENT_LOGGER,
  });
  const executions = await executeUntilEnded(executor, store, clock);
  crashes.checkSpent();
  return toFinishedRun(store, payloads, executions);
}

async function executeUntilEnded(executor: Executor, store: MemoryStore, clock: StoreClock): Promise<number> {
  for (let executions = 1; executions <= MAX_EXECUTIONS; executions++) {
    clock.set(store.now());
    const run = store.take();
    const result = await executor.execute(run, Infinity);
    if (store.outcome) return executions;
    if (result === 'suspended') await store.woken();
    store.throwFault();
  }
  throw new RedflowError(
    `the run has not ended after ${MAX_EXECUTIONS} executions: do the names of its steps change from one to the next?`,
  );
}

function toFinishedRun<Output>(store: MemoryStore, payloads: Payloads, executions: number): FinishedRun<Output> {
  const { outcome, attempt } = store;
  if (!outcome) throw new RedflowError('the run has not ended');
  return {
    status: outcome.status,
    output: outcome.status === 'succeeded' ? (payloads.decode('output', outcome.output) as Output) : undefined,
    error: outcome.status === 'failed' ? parseStoredError(outcome.error) : undefined,
    attempts: attempt,
    executions,
    steps: store
      .steps()
      .map((step) => toStepState(step, payloads))
      .sort((one, other) => one.seq - other.seq),
  };
}
