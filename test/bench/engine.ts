/** What is sent to a queue: `steps` durable steps are asked for, `sentAt` is on the clock of {@link nowMs}. */
export interface BenchPayload {
  readonly index: number;
  readonly steps?: number;
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

export interface WorkerRequest {
  readonly concurrency: number;
  /** `noop`: call the handler. `steps`: execute and store `payload.steps` steps, then call the handler. */
  readonly kind: 'noop' | 'steps';
  readonly handler: (payload: BenchPayload) => Promise<number>;
  /** After each completion that is durable and acknowledged; called where the engine has `finishHook`. */
  readonly onFinished: () => void;
  /** After each step that is durable and acknowledged. */
  readonly onStep: () => void;
}

export interface QueueCounts {
  readonly waiting: number;
  readonly completed: number;
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
  startWorker(queue: string, request: WorkerRequest): Promise<{ stop(): Promise<unknown> }>;
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
