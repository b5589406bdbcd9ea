import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Journal } from './journal.js';
import type { StormSettings } from './settings.js';

/** The processes of a storm: workers and producers, started, killed, frozen and replaced. */
export class Cast {
  readonly workers: ChildProcess[] = [];
  readonly producers: ChildProcess[] = [];
  readonly #frozen = new Set<ChildProcess>();
  /** Processes that ended by themselves: none may. */
  readonly crashes: string[] = [];
  readonly #expected = new Set<ChildProcess>();

  /** @param programs where `bundlePrograms` has put the programs of the processes */
  constructor(
    private readonly settings: StormSettings,
    private readonly programs: string,
    private readonly journal: Journal,
  ) {}

  async addWorker(): Promise<void> {
    this.workers.push(await this.#start('worker.process.mjs', this.settings.seed));
  }

  async addProducer(seed: number): Promise<void> {
    this.producers.push(await this.#start('producer.process.mjs', seed));
  }

  async killWorker(index: number): Promise<void> {
    const worker = this.workers[index % this.workers.length];
    if (!worker) return;
    this.workers.splice(this.workers.indexOf(worker), 1);
    await this.#end(worker, 'SIGKILL');
    await this.addWorker();
  }

  async restartWorker(index: number): Promise<void> {
    const worker = this.workers[index % this.workers.length];
    if (!worker || this.#frozen.has(worker)) return;
    this.workers.splice(this.workers.indexOf(worker), 1);
    await this.#end(worker, 'SIGTERM');
    await this.addWorker();
  }

  freezeWorker(index: number): () => void {
    const worker = this.workers[index % this.workers.length];
    if (!worker || this.#frozen.has(worker)) return () => undefined;
    this.#frozen.add(worker);
    this.#signal(worker, 'SIGSTOP');
    return () => {
      this.#frozen.delete(worker);
      this.#signal(worker, 'SIGCONT');
    };
  }

  async stopProducers(): Promise<void> {
    await Promise.all(this.producers.splice(0).map((producer) => this.#end(producer, 'SIGTERM')));
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => this.#end(worker, 'SIGTERM')));
  }

  async #start(file: string, seed: number): Promise<ChildProcess> {
    const child = fork(join(this.programs, file), [], {
      execArgv: ['--enable-source-maps', '--unhandled-rejections=strict'],
      env: { ...process.env, REDFLOW_STORM: JSON.stringify({ ...this.settings, seed }) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('exit', (code, signal) => {
      if (!this.#expected.has(child)) this.crashes.push(`${file} ended by itself: code ${code}, signal ${signal}`);
    });
    // Redis may be away just now: then it is ready later.
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
    return child;
  }

  async #end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#expected.add(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGCONT');
    this.#signal(child, signal);
    await exit;
  }

  // Noted before it is sent: what the process does next comes after it.
  #signal(child: ChildProcess, signal: NodeJS.Signals): void {
    this.journal.write({ event: 'signal', signal, to: child.pid ?? 0 });
    child.kill(signal);
  }
}
