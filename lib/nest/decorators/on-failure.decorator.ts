import { ON_FAILURE_METADATA } from '../redflow.metadata.js';

/**
 * Marks the method that is called with a {@link WorkflowFailure}, once, after the last attempt of a run has
 * failed; never on cancellation. Its `@Step` methods and `failure.step` are durable. Enhancers do not apply to it. A
 * failure of its own is logged and changes nothing. One per class; a second one is an error at bootstrap.
 */
export function OnFailure(): MethodDecorator {
  return (prototype, method) => {
    const methods = (Reflect.getOwnMetadata(ON_FAILURE_METADATA, prototype) ?? []) as (string | symbol)[];
    Reflect.defineMetadata(ON_FAILURE_METADATA, [...methods, method], prototype);
  };
}
