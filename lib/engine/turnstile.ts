/**
 * Lets one through per turn of the event loop. Answers that arrive together would have their runs executed together, and
 * stored together: then the store waits while runs are executed, and the worker while they are stored. One after the
 * other, the store works for the one while the other is executed.
 */
export class Turnstile {
  #closed = false;
  readonly #waiting: (() => void)[] = [];

  /** `undefined` for who may pass at once. */
  enter(): Promise<void> | undefined {
    if (this.#closed) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#closeForThisTurn();
    return undefined;
  }

  // What the one before has to store is sent at the end of this turn: the next one comes after that.
  #closeForThisTurn(): void {
    this.#closed = true;
    setImmediate(() => setImmediate(() => this.#letNextThrough()));
  }

  #letNextThrough(): void {
    this.#closed = false;
    const next = this.#waiting.shift();
    if (!next) return;
    this.#closeForThisTurn();
    next();
  }
}
