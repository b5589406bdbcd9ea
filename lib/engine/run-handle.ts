import type { RunState } from '../core/run.js';
import type { RedflowClient } from './client.js';

/** A run, seen from outside. */
export interface RunHandle<Output = unknown> {
  readonly id: string;
  /** Whether the call that gave this handle made the run; `false` where an idempotency key found it. */
  readonly created: boolean;
  /** @throws RunNotFoundError */
  state(): Promise<RunState<Output>>;
  /**
   * Resolves with the output once the run has succeeded. Pushed by Redis, not polled.
   *
   * @throws RunFailedError, RunCanceledError, RunNotFoundError; TimeoutError after `timeoutMs`, which
   *   ends this wait only, never the run
   */
  result(options?: { readonly timeoutMs?: number }): Promise<Output>;
  /** Whether the call changed anything. */
  cancel(options?: { readonly reason?: string }): Promise<boolean>;
}

/** Built by the client; all it does goes through the client. */
export class ClientRunHandle<Output> implements RunHandle<Output> {
  constructor(
    private readonly client: RedflowClient,
    readonly id: string,
    readonly created: boolean,
  ) {}

  state(): Promise<RunState<Output>> {
    return this.client.requireRun(this.id) as Promise<RunState<Output>>;
  }

  result(options: { readonly timeoutMs?: number } = {}): Promise<Output> {
    return this.client.waitForResult(this.id, options.timeoutMs) as Promise<Output>;
  }

  cancel(options: { readonly reason?: string } = {}): Promise<boolean> {
    return this.client.cancelRun(this.id, options);
  }
}
