import { ConfigurationError } from '../core/errors/configuration.error.js';
import type { WorkflowDefinition, WorkflowReference } from './workflow.js';

/**
 * Under this property a workflow class carries its definition, so that callers can name the class.
 * `Symbol.for`: two installed copies of the package understand each other.
 */
export const WORKFLOW_DEFINITION = Symbol.for('redflow:workflow-definition');

/** What is known of a workflow where a run of it is to be started: a definition, or only its name. */
export type ResolvedReference =
  | { readonly name: string; readonly definition: Omit<WorkflowDefinition, 'handler' | 'onFailure'> }
  | { readonly name: string; readonly definition: undefined };

/** @throws ConfigurationError for a class that is not decorated, or for something else */
export function resolveReference(reference: WorkflowReference): ResolvedReference {
  if (typeof reference === 'string') return { name: reference, definition: undefined };
  if (typeof reference === 'function') {
    const definition = (reference as { [WORKFLOW_DEFINITION]?: WorkflowDefinition })[WORKFLOW_DEFINITION];
    if (definition) return { name: definition.name, definition };
    throw new ConfigurationError('workflow', `class ${reference.name} is not decorated with @Workflow`);
  }
  if (typeof reference === 'object' && reference !== null && 'handler' in reference) {
    const definition = reference as unknown as WorkflowDefinition;
    return { name: definition.name, definition };
  }
  throw new ConfigurationError('workflow', 'must be a workflow class, a definition of defineWorkflow, or a name');
}
