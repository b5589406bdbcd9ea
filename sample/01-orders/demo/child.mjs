import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const KEPT_LINES = 100;
const GRACE_MS = 8_000;

/** A process has ended too early, or not well. The message has the last of its output. */
export class ProcessEnded extends Error {}

/** A process of the demo, addressed by its own pid and nothing else. */
export class Child {
  #process;
  #lines = [];
  #watchers = new Set();
  #expected = false;
  #ended;

  /** `command`: what to run, the program first. `onCrash` hears of an end that nobody asked for. */
  constructor({ name, command: [program, ...args], env = {}, cwd, cleanup, onCrash }) {
    this.name = name;
    // Groups of their own: on Ctrl-C the demo stops them in order, not the terminal all at once.
    this.#process = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#ended = once(this.#process, 'close').catch((error) => [error.message]);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#hear(line));
    }
    void this.#ended.then(() => !this.#expected && onCrash?.(this.#obituary()));
    cleanup.add(() => this.stop());
  }

  /** Resolves with the match once a line of output matches; rejects if the process ends before. */
  async line(pattern) {
    const heard = this.#lines.map((line) => pattern.exec(line)).find(Boolean);
    if (heard) return heard;
    const match = new Promise((resolve) => this.#watchers.add({ pattern, resolve }));
    return Promise.race([match, this.#ended.then(() => Promise.reject(this.#obituary()))]);
  }

  /** Resolves with the exit code. */
  async exit() {
    this.#expected = true;
    await this.#ended;
    if (this.#process.exitCode !== 0) throw this.#obituary();
  }

  signal(signal) {
    this.#process.kill(signal);
  }

  async kill() {
    this.#expected = true;
    this.signal('SIGKILL');
    await this.#ended;
  }

  async stop() {
    this.#expected = true;
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), GRACE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #hear(line) {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    for (const watcher of this.#watchers) {
      const match = watcher.pattern.exec(line);
      if (match && this.#watchers.delete(watcher)) watcher.resolve(match);
    }
  }

  #obituary() {
    const { exitCode, signalCode } = this.#process;
    return new ProcessEnded(`${this.name} ended with ${signalCode ?? exitCode}:\n${this.#lines.join('\n')}`);
  }
}
