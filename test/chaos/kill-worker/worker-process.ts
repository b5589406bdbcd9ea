import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface WorkerOrder {
  readonly connection: string;
  readonly prefix: string;
  /** Path. */
  readonly journal: string;
  readonly leaseMs: number;
}

const ENTRY = fileURLToPath(new URL('./worker.ts', import.meta.url));
const TYPESCRIPT = new URL('../../support/typescript.mjs', import.meta.url).href;

/** A worker in a process of its own. */
export class WorkerProcess {
  readonly #process: ChildProcess;
  readonly #loaded: Promise<unknown>;
  #begun = 0;
  #onBegun: (() => void) | undefined;

  constructor() {
    this.#process = fork(ENTRY, [], {
      execArgv: ['--import', TYPESCRIPT],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#loaded = once(this.#process, 'message');
    this.#process.on('message', (message) => {
      if (message !== 'begun') return;
      this.#begun++;
      this.#onBegun?.();
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async start(order: WorkerOrder): Promise<void> {
    await this.#loaded;
    this.#process.send(order);
  }

  /** Resolves once it has begun so many steps. */
  async whenBegun(steps: number): Promise<void> {
    while (this.#begun < steps) {
      if (this.#hasExited()) throw new Error('the worker has ended by itself');
      await new Promise<void>((resolve) => {
        this.#onBegun = resolve;
        this.#process.once('exit', () => resolve());
      });
    }
  }

  async kill(): Promise<void> {
    if (this.#hasExited()) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }

  async stop(): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.send('stop');
    await exit;
  }

  #hasExited(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }
}
