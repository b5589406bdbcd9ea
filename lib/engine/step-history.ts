import { DuplicateStepError } from '../core/errors/duplicate-step.error.js';
import { NonRetriableError } from '../core/errors/non-retriable.error.js';
import type { StepKind, StepRecord } from '../core/step.js';
import type { RunOutcome, StepOutcome } from '../core/store.js';

const METHODS: Readonly<Record<StepKind, string>> = {
  step: 'step.run',
  workflow: 'step.runWorkflow',
  emit: 'step.emitWorkflow',
};

interface Index {
  readonly records: Map<string, StepRecord>;
  readonly outcomes: Map<string, RunOutcome>;
  readonly begun: Set<string>;
}

/** What former executions of a run have stored, and what this one has begun. */
export class StepHistory {
  #made: Index | undefined;
  #seq = 0;

  constructor(
    private readonly steps: readonly StepRecord[],
    private readonly outcomes: readonly StepOutcome[],
  ) {}

  /**
   * @throws DuplicateStepError when the step was begun before in this execution; NonRetriableError when what is
   *   stored under its name is a step of another kind: the code has changed, and the one is no answer to the other
   */
  begin(name: string, kind: StepKind): StepRecord | undefined {
    if (this.#index.begun.has(name)) throw new DuplicateStepError(name);
    this.#index.begun.add(name);
    const known = this.#index.records.get(name);
    if (known && known.kind !== kind) {
      throw new NonRetriableError(
        `step "${name}" was stored by ${METHODS[known.kind]}, and is now called by ${METHODS[kind]}: give it another name`,
      );
    }
    return known;
  }

  /** What is stored of a step, without beginning it. */
  find(name: string): StepRecord | undefined {
    return this.#index.records.get(name);
  }

  /** The outcome of the child that the step awaits. */
  outcome(name: string): RunOutcome | undefined {
    return this.#index.outcomes.get(name);
  }

  nextSeq(): number {
    this.#seq ||= this.steps.reduce((highest, { seq }) => Math.max(highest, seq), 0);
    return ++this.#seq;
  }

  /** Forgets what was begun: the failure handler is an execution of its own over the same history. */
  rewind(): void {
    this.#index.begun.clear();
  }

  put(record: StepRecord): void {
    this.#index.records.set(record.name, record);
  }

  // Made when it is asked for: many runs have no steps.
  get #index(): Index {
    this.#made ??= {
      records: new Map(this.steps.map((step) => [step.name, step])),
      outcomes: new Map(this.outcomes.map((outcome) => [outcome.step, outcome])),
      begun: new Set(),
    };
    return this.#made;
  }
}
