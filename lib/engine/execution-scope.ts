import { AsyncLocalStorage } from 'node:async_hooks';
import type { StepTools } from './context.js';

/**
 * The execution that the current code belongs to. Set by the executor around the handler, read by
 * `@Step` methods and by the Nest layer.
 */
export interface ExecutionScope {
  readonly step: StepTools;
  /** Inside the body of a step: a step called there runs as part of it. */
  readonly insideStep: boolean;
  readonly execution: Execution;
}

export interface Execution {
  /** The workflow instance whose `@Step` methods are durable in this execution. */
  instance: object | undefined;
  /**
   * Aborts when the execution is given up while the handler is still pending: suspended, lost or
   * handed back. What the handler comes to afterwards is ignored.
   */
  readonly abandoned: AbortSignal;
}

const storage = new AsyncLocalStorage<ExecutionScope>();

export function currentScope(): ExecutionScope | undefined {
  return storage.getStore();
}

export function runInScope<T>(scope: ExecutionScope, fn: () => T): T {
  return storage.run(scope, fn);
}
