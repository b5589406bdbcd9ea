import { nowMs } from '../clock.js';
import type { BenchPayload, Engine } from '../engine.js';
import type { Progress, WorkRequest } from './roles.js';

/** A worker and what it has done. */
export class Consumer {
  readonly delays: number[] = [];
  #worker: { stop(): Promise<unknown> } | undefined;
  #started = 0;
  #finished = 0;
  #firstStartAt = 0;
  #lastFinishedAt = 0;

  async start(engine: Engine, { queue, concurrency, kind = 'noop' }: WorkRequest): Promise<void> {
    this.#worker = await engine.startWorker(queue, {
      concurrency,
      kind,
      handler: async (payload) => this.#onStart(payload),
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
    await this.#worker?.stop();
  }

  #onStart({ sentAt }: BenchPayload): number {
    const now = nowMs();
    if (this.#started++ === 0) this.#firstStartAt = now;
    if (sentAt !== undefined) this.delays.push(now - sentAt);
    return 1;
  }
}
