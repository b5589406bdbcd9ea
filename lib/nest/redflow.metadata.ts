// Metadata keys. `Symbol.for`: two installed copies of the package understand each other.

/** On a class: {@link WorkflowMetadata}. */
export const WORKFLOW_METADATA = Symbol.for('redflow:workflow');
/** On a prototype: the names of its `@OnFailure` methods. */
export const ON_FAILURE_METADATA = Symbol.for('redflow:on-failure');
/** On a prototype: its `@Step` methods, {@link StepMetadata}. */
export const STEPS_METADATA = Symbol.for('redflow:steps');
/** On a class, for `run`: the parameters that Nest's pipes see. Nest wants a string here. */
export const RUN_PARAMS_METADATA = 'redflow:run-params';
