/** What is sent to a queue: `steps` or `children` are asked for, `sentAt` is on the clock of {@link nowMs}. */
export interface BenchPayload {
  readonly index: number;
  readonly steps?: number;
  readonly children?: number;
  readonly sentAt?: number;
  /** Brings the payload to its size. */
  readonly padding: string;
}

export interface EngineContext {
  readonly host: string;
  readonly port: number;
  readonly role: 'producer' | 'worker';
  /** Options of the engine as given: `redflow:retain=all`. */
  readonly opts: Readonly<Record<string, string>>;
}

/**
 * What a run does before the handler is called. `noop`: nothing. `steps`: execute and store `payload.steps` steps.
 * `children`: have `payload.children` no-op children executed by the same worker, and collect their results.
 */
export type WorkKind = 'noop' | 'steps' | 'children';

export interface WorkerRequest {
  readonly concurrency: number;
  readonly kind: WorkKind;
  /** A cron expression that starts runs of the queue, besides those that are sent. */
  readonly cron?: string;
  readonly handler: (payload: BenchPayload) => Promise<number>;
  /** After each completion that is durable and acknowledged, of children not; called where the engine has `finishHook`. */
  readonly onFinished: () => void;
  /** After each step that is durable and acknowledged. */
  readonly onStep: () => void;
}

export interface QueueCounts {
  readonly waiting: number;
  readonly completed: number;
}

export interface StartedWorker {
  stop(): Promise<unknown>;
}

/** One engine in one process. */
export interface Engine {
  setup(role: EngineContext['role']): Promise<void>;
  /** Resolves once the run is durably accepted. */
  enqueue(queue: string, payload: BenchPayload, options?: { delayMs?: number }): Promise<unknown>;
  /** By the engine's own way of sending many. */
  enqueueBulk(queue: string, payloads: readonly BenchPayload[], options?: { delayMs?: number }): Promise<unknown>;
  /** Resolves with the result, by the engine's own way of waiting for it. */
  enqueueAndWait(queue: string, payload: BenchPayload): Promise<unknown>;
  startWorker(queue: string, request: WorkerRequest): Promise<StartedWorker>;
  /** One worker for all the queues, with `concurrency` over all of them. Absent where a worker has one queue. */
  startSharedWorker?(queues: readonly string[], request: WorkerRequest): Promise<StartedWorker>;
  counts(queue: string): Promise<QueueCounts>;
  close(): Promise<void>;
}

/** An engine as a module gives it: built-in ones lie in `adapters/`, others are named by their path. */
export interface EngineModule {
  readonly needs: 'redis';
  /** False: completions are counted by {@link Engine.counts}. */
  readonly finishHook: boolean;
  version(): string;
  create(context: EngineContext): Promise<Engine>;
}

/** An engine that takes part. */
export interface EngineChoice {
  /** As given on the command line; unique. */
  readonly label: string;
  readonly module: string;
  readonly opts: Readonly<Record<string, string>>;
}

const BUILT_IN = ['redflow', 'bullmq'];

/** `redflow`, `bullmq`, or the path of a module, each with options if wanted: `bullmq:retain=none;autopipe=1`. */
export function parseEngine(label: string): EngineChoice {
  const [, name = '', options = ''] = /^([^:]*):?(.*)$/s.exec(label) ?? [];
  const module = BUILT_IN.includes(name) ? new URL(`./adapters/${name}.ts`, import.meta.url).href : name;
  const pairs = options.split(';').filter(Boolean);
  return { label, module, opts: Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string])) };
}

export async function loadEngine(module: string): Promise<EngineModule> {
  return (await import(module)) as EngineModule;
}
