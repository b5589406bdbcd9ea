import { eventually } from '../support/eventually.js';

/** Lets the handlers of a test wait until the test goes on. */
export class Gate {
  /** How often it was reached. */
  entered = 0;
  #open!: () => void;
  readonly #opened = new Promise<void>((resolve) => (this.#open = resolve));

  /** For a handler: resolves once the gate is open. */
  pass(): Promise<void> {
    this.entered++;
    return this.#opened;
  }

  /** For a test: resolves once handlers have come to the gate so many times. */
  async reached(times = 1): Promise<void> {
    await eventually(() => this.entered >= times);
  }

  open(): void {
    this.#open();
  }
}
