import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AnswerMessage, CallMessage, ChildCalls } from './roles.js';

const ENTRY = fileURLToPath(new URL('./child.ts', import.meta.url));
const CLOSE_TIMEOUT_MS = 5_000;

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The parent's end of a child process. */
export class BenchChild {
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;

  /** @param nodeOptions more arguments for Node, as for a profile */
  constructor(nodeOptions: readonly string[] = []) {
    this.#process = fork(ENTRY, [], {
      execArgv: [...process.execArgv, ...nodeOptions],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    this.#process.on('message', (message: AnswerMessage) => this.#onAnswer(message));
    this.#process.on('exit', () => this.#onExit());
  }

  call<Name extends keyof ChildCalls>(
    name: Name,
    ...[argument]: Parameters<ChildCalls[Name]>
  ): Promise<Awaited<ReturnType<ChildCalls[Name]>>> {
    const id = ++this.#nextId;
    const message: CallMessage = { id, call: name, argument };
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject });
      this.#process.send(message);
    });
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
    await this.call('close').catch(() => undefined);
    if (this.#process.connected) this.#process.disconnect();
    await exit;
    clearTimeout(timer);
  }

  #onAnswer({ id, answer, error }: AnswerMessage): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(answer);
    else pending?.reject(new Error(error));
  }

  #onExit(): void {
    for (const { reject } of this.#pending.values()) reject(new Error('the process has ended'));
    this.#pending.clear();
  }
}
