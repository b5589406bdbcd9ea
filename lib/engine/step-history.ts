import { DuplicateStepError } from '../core/errors/duplicate-step.error.js';
import { NonRetriableError } from '../core/errors/non-retriable.error.js';
import type { StepKind, StepRecord } from '../core/step.js';
import type { RunOutcome, StepOutcome } from '../core/store.js';

const METHODS: Readonly<Record<StepKind, string>> = {
  step: 'step.run',
  workflow: 'step.runWorkflow',
  emit: 'step.emitWorkflow',
};

/** What former executions of a run have stored, and what this one has begun. */
export class StepHistory {
  readonly #records: Map<string, StepRecord>;
  readonly #outcomes: Map<string, RunOutcome>;
  readonly #begun = new Set<string>();
  #seq: number;

  constructor(steps: readonly StepRecord[], outcomes: readonly StepOutcome[]) {
    this.#records = new Map(steps.map((step) => [step.name, step]));
    this.#outcomes = new Map(outcomes.map((outcome) => [outcome.step, outcome]));
    this.#seq = steps.reduce((highest, { seq }) => Math.max(highest, seq), 0);
  }

  /**
   * @throws DuplicateStepError when the step was begun before in this execution; NonRetriableError when what is
   *   stored under its name is a step of another kind: the code has changed, and the one is no answer to the other
   */
  begin(name: string, kind: StepKind): StepRecord | undefined {
    if (this.#begun.has(name)) throw new DuplicateStepError(name);
    this.#begun.add(name);
    const known = this.#records.get(name);
    if (known && known.kind !== kind) {
      throw new NonRetriableError(
        `step "${name}" was stored by ${METHODS[known.kind]}, and is now called by ${METHODS[kind]}: give it another name`,
      );
    }
    return known;
  }

  /** What is stored of a step, without beginning it. */
  find(name: string): StepRecord | undefined {
    return this.#records.get(name);
  }

  /** The outcome of the child that the step awaits. */
  outcome(name: string): RunOutcome | undefined {
    return this.#outcomes.get(name);
  }

  nextSeq(): number {
    return ++this.#seq;
  }

  /** Forgets what was begun: the failure handler is an execution of its own over the same history. */
  rewind(): void {
    this.#begun.clear();
  }

  put(record: StepRecord): void {
    this.#records.set(record.name, record);
  }
}
