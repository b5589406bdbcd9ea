import type { DiscoveryService } from '@nestjs/core';
import type { ClassDefinition } from '../decorators/workflow.decorator.js';

/** Nest's record of a provider. */
export type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A workflow among the providers of the application. */
export interface DiscoveredWorkflow {
  readonly wrapper: ProviderWrapper;
  readonly definition: ClassDefinition;
  /** For messages: `OrderWorkflow (AppModule)`. */
  readonly label: string;
  readonly failureMethod: string | symbol | undefined;
  /** Each run needs an instance of its own: request-scoped or transient, or dependent on such a provider. */
  readonly perRun: boolean;
}
