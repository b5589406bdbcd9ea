import { ConfigurationError } from '../../core/errors/configuration.error.js';
import { checkInteger, checkName } from '../../core/names.js';

/**
 * Where a run is crashed and executed again from what was stored:
 *
 * - `'after-each-step'`: whenever steps were stored;
 * - a number: so many times, after the first steps that are stored;
 * - names of steps: after each of these, once.
 */
export type Replay = 'after-each-step' | number | readonly string[];

/** Decides after which stored steps the execution is given up. */
export class Crashes {
  readonly #names: Set<string>;
  #left: number;

  /** @throws ConfigurationError */
  constructor(replay: Replay = 0) {
    if (replay === 'after-each-step') this.#left = Infinity;
    else this.#left = typeof replay === 'number' ? checkInteger('replay', replay, 0) : 0;
    this.#names = new Set(Array.isArray(replay) ? replay.map((name) => checkName('replay', name)) : []);
  }

  /** Whether the execution ends here. `steps` were stored together. */
  strike(steps: readonly string[]): boolean {
    const named = steps.filter((step) => this.#names.delete(step)).length > 0;
    if (this.#left > 0) this.#left--;
    else return named;
    return true;
  }

  /** A name that no step had is a typing error, not a passed test. @throws ConfigurationError */
  checkSpent(): void {
    const [name] = this.#names;
    if (name !== undefined) throw new ConfigurationError('replay', `the run has stored no step "${name}"`);
  }
}
