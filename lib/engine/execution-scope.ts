import { AsyncLocalStorage } from 'node:async_hooks';
import type { StepScope, StepTools } from './context.js';

/**
 * The execution that the current code belongs to. Set by the executor around the handler, read by
 * `@Step` methods and by the Nest layer.
 */
export interface ExecutionScope {
  readonly step: StepTools;
  /** Inside the body of a step: a step called there runs as part of it. */
  readonly insideStep: boolean;
  /** Inside the body of a step: what its function gets. */
  readonly stepScope?: StepScope;
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

// One for the process: a workflow class of another installed copy of the package must find the execution that
// this copy has begun, or its steps would not be durable.
const STORAGE = Symbol.for('redflow:execution-scope');
const shared = globalThis as { [STORAGE]?: AsyncLocalStorage<ExecutionScope> };
const storage = (shared[STORAGE] ??= new AsyncLocalStorage<ExecutionScope>());

export function currentScope(): ExecutionScope | undefined {
  return storage.getStore();
}

/**
 * The step that the current code is part of: for `@Step` methods and what they call, to which no scope is
 * passed. Gives signal, attempt, idempotency key and fence; `undefined` outside a step, so that the
 * method can be unit-tested.
 */
export function currentStep(): StepScope | undefined {
  return storage.getStore()?.stepScope;
}

export function runInScope<T>(scope: ExecutionScope, fn: () => T): T {
  return storage.run(scope, fn);
}
