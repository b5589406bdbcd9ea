import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from '../../../support/eventually.js';
import { bundlePrograms } from '../../storm/bundle.js';
import type { Command, Told, WorkerOrder } from './worker-order.js';

/** Bundled once per process of tests, and removed with it. */
let bundled: ReturnType<typeof bundlePrograms> | undefined;
async function entry(): Promise<string> {
  bundled ??= bundlePrograms(['matrix/support/worker.entry.ts']).then((programs) => {
    process.once('exit', () => programs.remove());
    return programs;
  });
  return join((await bundled).folder, 'worker.entry.mjs');
}

const PATIENCE_MS = 60_000;

/** A worker in a process of its own, which may be killed, frozen and asked what it has seen. */
export class WorkerProcess {
  readonly #process: ChildProcess;
  readonly #told: Told[] = [];
  #errors = '';
  #exitedAt: number | undefined;

  private constructor(program: string, order: WorkerOrder, nodeOptions: readonly string[]) {
    this.#process = fork(program, [], {
      execArgv: ['--unhandled-rejections=strict', ...nodeOptions],
      env: { ...process.env, NODE_OPTIONS: '', REDFLOW_MATRIX: JSON.stringify(order) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#process.on('message', (message) => this.#told.push(message as Told));
    this.#process.once('exit', () => (this.#exitedAt = Date.now()));
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
  }

  /** Resolves once its loops run, or it has ended. */
  static async start(order: WorkerOrder, nodeOptions: readonly string[] = []): Promise<WorkerProcess> {
    const worker = new WorkerProcess(await entry(), order, nodeOptions);
    await eventually(() => worker.hasExited || worker.heard('started').length > 0, PATIENCE_MS);
    return worker;
  }

  get hasExited(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** When its end was noticed, at the earliest when it came. */
  get exitedAt(): number | undefined {
    return this.#exitedAt;
  }

  /** Of a process that has ended by itself. */
  get exitCode(): number | null {
    return this.#process.exitCode;
  }

  /** What it has written to its standard error. */
  get errors(): string {
    return this.#errors;
  }

  heard(event: string): Told[] {
    return this.#told.filter((told) => told.event === event);
  }

  /** Waits until it has told of an event so many times. */
  async whenHeard(event: string, times = 1): Promise<Told[]> {
    return eventually(() => {
      const told = this.heard(event);
      if (told.length < times && this.hasExited) throw new Error(`the worker has ended: ${this.#errors}`);
      return told.length >= times && told;
    }, PATIENCE_MS) as Promise<Told[]>;
  }

  command(command: Command): void {
    // It may be dying just now.
    if (!this.hasExited && this.#process.connected) this.#process.send(command, () => undefined);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#process.kill(signal);
  }

  async whenExited(): Promise<void> {
    if (!this.hasExited) await once(this.#process, 'exit');
  }

  /** However it is: frozen, ended or at work. */
  async kill(): Promise<void> {
    if (this.hasExited) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }
}

/** The worker processes of a test; what is left of them is killed after it. */
export function useWorkerProcesses(): (order: WorkerOrder, nodeOptions?: readonly string[]) => Promise<WorkerProcess> {
  const started: Promise<WorkerProcess>[] = [];
  afterEach(async () => {
    for (const worker of await Promise.all(started.splice(0))) await worker.kill();
  });
  return (order, nodeOptions) => {
    const worker = WorkerProcess.start(order, nodeOptions);
    started.push(worker);
    return worker;
  };
}
