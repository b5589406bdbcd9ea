/** Executes runs. Started by `startWorker`; a Nest application starts one by itself. */
export declare class Worker {
  /** Stops claiming; what runs goes on. */
  quiet(): void;
  /** Stops claiming, waits up to `drainTimeoutMs` for running handlers, hands back the rest, closes its connections. */
  stop(): Promise<void>;
}
