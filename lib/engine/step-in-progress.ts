import { performance } from 'node:perf_hooks';

/** A step whose function executes. One that takes long is stored as running, for those who look. */
export class StepInProgress {
  readonly #begunAt = performance.now();
  #shown: Promise<void> | undefined;

  constructor(private readonly store: () => Promise<void>) {}

  /** Stores it as running, once, if it has been executing for so long. */
  show(afterMs: number): void {
    if (performance.now() - this.#begunAt < afterMs) return;
    this.#shown ??= this.store().catch(() => undefined);
  }

  /**
   * A write that is under way: one that has to be repeated must not come after the one that follows, and take its
   * place.
   */
  get shown(): Promise<void> | undefined {
    return this.#shown;
  }
}
