import { nowMs } from '../clock.js';
import type { BenchPayload, Engine, StartedWorker, WorkerRequest } from '../engine.js';
import { queueNames } from './queue-set.js';
import type { Progress, WorkRequest } from './roles.js';

/** A worker and what it has done. */
export class Consumer {
  readonly delays: number[] = [];
  #workers: readonly StartedWorker[] = [];
  #started = 0;
  #finished = 0;
  #firstStartAt = 0;
  #lastFinishedAt = 0;
  #limit = Infinity;
  #release = (): void => undefined;
  readonly #released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  async start(engine: Engine, request: WorkRequest): Promise<void> {
    const { concurrency, kind = 'noop', cron, limit = Infinity } = request;
    this.#limit = limit;
    this.#workers = await startWorkers(engine, queueNames(request), {
      concurrency,
      kind,
      cron,
      handler: (payload) => this.#handle(payload),
      onStep: () => undefined,
      onFinished: () => {
        this.#finished++;
        this.#lastFinishedAt = nowMs();
      },
    });
  }

  progress(): Progress {
    return {
      started: this.#started,
      finished: this.#finished,
      firstStartAt: this.#firstStartAt,
      lastFinishedAt: this.#lastFinishedAt,
    };
  }

  async stop(): Promise<void> {
    const stopped = this.#workers.map((worker) => worker.stop());
    this.#release();
    await Promise.all(stopped);
  }

  async #handle({ sentAt }: BenchPayload): Promise<number> {
    const now = nowMs();
    if (this.#started++ === 0) this.#firstStartAt = now;
    if (sentAt !== undefined) this.delays.push(now - sentAt);
    if (this.#started > this.#limit) await this.#released;
    return 1;
  }
}

async function startWorkers(
  engine: Engine,
  queues: readonly string[],
  request: WorkerRequest,
): Promise<readonly StartedWorker[]> {
  if (!engine.startSharedWorker) return Promise.all(queues.map((queue) => engine.startWorker(queue, request)));
  const concurrency = request.concurrency * queues.length;
  return [await engine.startSharedWorker(queues, { ...request, concurrency })];
}
