import { AsyncResource } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';

/** A run that was claimed and is still to be executed. */
export interface QueuedExecution {
  /** Monotonic, in ms. */
  readonly claimedAt: number;
  start(): void;
}

export interface ExecutionQueueParts<T extends QueuedExecution> {
  /** Most that execute at once. */
  readonly concurrency: number;
  /** How long one waits for its turn, in ms. */
  readonly patienceMs: number;
  /** Told of those that have waited in vain, in the order in which they came. */
  readonly onGivenUp: (executions: readonly T[]) => void;
}

/** Has so many execute at once; what was claimed beyond them waits here for its turn, for a short time. */
export class ExecutionQueue<T extends QueuedExecution> {
  readonly #waiting: { readonly execution: T; readonly context: AsyncResource }[] = [];
  #executing = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: ExecutionQueueParts<T>) {}

  /** How many more would start at once. */
  get room(): number {
    return this.parts.concurrency - this.#executing;
  }

  enter(execution: T): void {
    // Made here: it starts as another one ends, and must not find the async context of that one.
    const context = new AsyncResource('redflow:Execution');
    if (this.room > 0) return this.#start(execution, context);
    this.#waiting.push({ execution, context });
    this.#timer ??= setTimeout(() => this.#onTimer(), this.parts.patienceMs);
  }

  /** One that was started has come to its end. */
  leave(): void {
    this.#executing--;
    const next = this.#waiting[0];
    if (!next) return;
    // Not by the timer alone: runs that end without a turn of the event loop leave it none.
    if (this.#hasWaitedInVain(next.execution)) return this.giveUp();
    this.#waiting.shift();
    this.#start(next.execution, next.context);
  }

  /** Gives up all that wait. */
  giveUp(): void {
    if (this.#waiting.length > 0) this.parts.onGivenUp(this.#waiting.splice(0).map(({ execution }) => execution));
  }

  #start(execution: T, context: AsyncResource): void {
    this.#executing++;
    context.runInAsyncScope(() => execution.start());
  }

  #onTimer(): void {
    this.#timer = undefined;
    const next = this.#waiting[0];
    if (!next) return;
    if (this.#hasWaitedInVain(next.execution)) this.giveUp();
    else this.#timer = setTimeout(() => this.#onTimer(), this.parts.patienceMs);
  }

  #hasWaitedInVain({ claimedAt }: T): boolean {
    return performance.now() - claimedAt > this.parts.patienceMs;
  }
}
