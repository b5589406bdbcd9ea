import { ConfigurationError } from '../core/errors/configuration.error.js';
import type { WorkflowDefinition } from './workflow.js';

/** The workflows that a worker can execute. */
export class WorkflowRegistry {
  readonly #definitions = new Map<string, WorkflowDefinition<never, unknown>>();

  /** @throws ConfigurationError for a second workflow of that name */
  add(definition: WorkflowDefinition<never, unknown>): this {
    if (this.#definitions.has(definition.name)) {
      throw new ConfigurationError('workflow name', `two workflows are named "${definition.name}"`);
    }
    this.#definitions.set(definition.name, definition);
    return this;
  }

  get(name: string): WorkflowDefinition<never, unknown> | undefined {
    return this.#definitions.get(name);
  }

  list(): WorkflowDefinition<never, unknown>[] {
    return [...this.#definitions.values()];
  }

  /** The queues of the registered workflows. */
  queues(): string[] {
    return [...new Set(this.list().map((definition) => definition.queue))];
  }
}
