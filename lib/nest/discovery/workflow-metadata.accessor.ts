import { Injectable } from '@nestjs/common';
import type { WorkflowMetadata } from '../decorators/workflow.decorator.js';
import type { StepMetadata } from '../decorators/step.decorator.js';
import { ON_FAILURE_METADATA, STEPS_METADATA, WORKFLOW_METADATA } from '../redflow.metadata.js';

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- what Nest calls a metatype: a class or a factory
type Metatype = Function;

/** Reads what the decorators have written. */
@Injectable()
export class WorkflowMetadataAccessor {
  /** Of the class or the nearest decorated parent. */
  workflow(metatype: Metatype): WorkflowMetadata | undefined {
    return Reflect.getMetadata(WORKFLOW_METADATA, metatype) as WorkflowMetadata | undefined;
  }

  /** Names, without duplicates: a method that is overridden without the decorator still counts. */
  failureMethods(prototype: object): (string | symbol)[] {
    return [...new Set(collect<string | symbol>(ON_FAILURE_METADATA, prototype))];
  }

  steps(prototype: object): StepMetadata[] {
    return collect<StepMetadata>(STEPS_METADATA, prototype);
  }
}

function collect<T>(key: symbol, prototype: object | null): T[] {
  if (prototype === null) return [];
  const own = (Reflect.getOwnMetadata(key, prototype) ?? []) as T[];
  return [...own, ...collect<T>(key, Object.getPrototypeOf(prototype) as object | null)];
}
