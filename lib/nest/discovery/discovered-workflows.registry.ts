import { Inject, Injectable } from '@nestjs/common';
import { ConfigurationError } from '../../core/errors/configuration.error.js';
import { WorkflowRegistry } from '../../engine/workflow-registry.js';
import type { WorkflowDefinition } from '../../engine/workflow.js';
import { EnhancerPipeline } from '../execution/enhancer.pipeline.js';
import { WorkflowHost } from '../execution/workflow.host.js';
import type { DiscoveredWorkflow, ProviderWrapper } from './discovered-workflow.js';
import { WorkflowExplorer } from './workflow.explorer.js';

/** The workflows of this instance that the application has so far, as the engine knows them. */
@Injectable()
export class DiscoveredWorkflows {
  readonly registry = new WorkflowRegistry();
  readonly #known = new Map<string, DiscoveredWorkflow>();

  constructor(
    @Inject(WorkflowExplorer) private readonly explorer: WorkflowExplorer,
    @Inject(EnhancerPipeline) private readonly pipeline: EnhancerPipeline,
  ) {}

  /** Adds what is new, and gives it. @throws ConfigurationError for a second workflow of one name */
  refresh(): DiscoveredWorkflow[] {
    const fresh = this.explorer.explore().filter((workflow) => !this.#has(workflow));
    for (const workflow of fresh) this.#add(workflow);
    return fresh;
  }

  #has({ wrapper, definition }: DiscoveredWorkflow): boolean {
    return sameProvider(this.#known.get(definition.name)?.wrapper, wrapper);
  }

  #add(workflow: DiscoveredWorkflow): void {
    const { name } = workflow.definition;
    const first = this.#known.get(name);
    if (first) {
      throw new ConfigurationError(
        'workflow name',
        `two workflows are named "${name}": ${first.label} and ${workflow.label}`,
      );
    }
    this.#known.set(name, workflow);
    this.registry.add(toDefinition(workflow, new WorkflowHost(workflow, this.pipeline)));
  }
}

// Nest may replace its record of a provider by a copy; the id stays.
function sameProvider(one: ProviderWrapper | undefined, other: ProviderWrapper): boolean {
  return one?.id === other.id;
}

function toDefinition(
  { definition, failureMethod }: DiscoveredWorkflow,
  host: WorkflowHost,
): WorkflowDefinition<never, unknown> {
  return {
    ...definition,
    handler: (ctx, input) => host.run(ctx, input),
    onFailure: failureMethod === undefined ? undefined : (failure) => host.fail(failure),
  };
}
