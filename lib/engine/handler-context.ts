import type { SerializedError } from '../core/serialized-error.js';
import type { RunInfo, StepTools, WorkflowContext, WorkflowFailure } from './context.js';
import type { ExecutionSession } from './execution-session.js';
import type { Logger } from './logger.js';

export interface HandlerContextParts {
  readonly input: unknown;
  readonly run: RunInfo;
  readonly step: StepTools;
  readonly logger: Logger;
  readonly session: ExecutionSession;
}

/** What the handler of an execution gets. */
export class HandlerContext implements WorkflowContext {
  readonly input: unknown;
  readonly step: StepTools;
  readonly logger: Logger;
  readonly run: RunInfo;
  readonly #session: ExecutionSession;

  constructor({ input, step, logger, run, session }: HandlerContextParts) {
    this.input = input;
    this.step = step;
    this.logger = logger;
    this.run = run;
    this.#session = session;
  }

  // Made when it is asked for. Of the class: a getter of each object would give each a shape of its own.
  get signal(): AbortSignal {
    return this.#session.signal;
  }
}

/** What the failure handler gets. */
export class FailureContext extends HandlerContext implements WorkflowFailure {
  constructor(
    parts: HandlerContextParts,
    readonly error: SerializedError,
  ) {
    super(parts);
  }
}
