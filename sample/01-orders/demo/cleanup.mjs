import { constants } from 'node:os';

/** What has to be undone at the end, last things first: at the normal end, on failure and on Ctrl-C alike. */
export class Cleanup {
  #tasks = [];
  #finished;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(signal, () => void this.run().then(() => process.exit(128 + constants.signals[signal])));
    }
  }

  get started() {
    return this.#finished !== undefined;
  }

  add(task) {
    if (this.started) void attempt(task);
    else this.#tasks.push(task);
  }

  run() {
    this.#finished ??= this.#runAll();
    return this.#finished;
  }

  async #runAll() {
    while (this.#tasks.length > 0) await attempt(this.#tasks.pop());
  }
}

/** One task that fails must not keep the others from running. */
async function attempt(task) {
  try {
    await task();
  } catch (error) {
    console.error('cleaning up:', error);
  }
}
