import { serializeError } from '../../core/error-serializer.js';
import { ConfigurationError } from '../../core/errors/configuration.error.js';
import { RunCanceledError } from '../../core/errors/run-canceled.error.js';
import type { Payloads } from '../../core/payloads.js';
import type { NewRun, RunOutcome } from '../../core/store.js';

/** Stands for a child workflow: gets its input, gives its output. What it throws is the failure of the child's run. */
export type ChildStub = (input: never) => unknown;

/** Answers the children of a run, by the name of their workflow. */
export class ChildStubs {
  readonly #stubs: ReadonlyMap<string, ChildStub>;

  constructor(
    stubs: Readonly<Record<string, ChildStub>>,
    private readonly payloads: Payloads,
  ) {
    this.#stubs = new Map(Object.entries(stubs));
  }

  has(workflow: string): boolean {
    return this.#stubs.has(workflow);
  }

  /** How the child ends. @throws ConfigurationError where there is no stub for it */
  async answer({ workflow, input }: NewRun): Promise<RunOutcome> {
    const stub = this.#stubs.get(workflow) as ((input: unknown) => unknown) | undefined;
    if (!stub) throw new ConfigurationError(`children["${workflow}"]`, 'is missing: the workflow runs this child');
    try {
      const output = await stub(this.payloads.decode(`input of workflow "${workflow}"`, input));
      return { status: 'succeeded', payload: this.payloads.encode(`output of workflow "${workflow}"`, output) };
    } catch (error) {
      if (error instanceof RunCanceledError) return { status: 'canceled', payload: error.reason };
      return { status: 'failed', payload: JSON.stringify(serializeError(error)) };
    }
  }
}
