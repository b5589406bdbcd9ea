import 'reflect-metadata';
import type { Journaled } from '../../core/journaled.js';
import type { RetryOptions } from '../../core/retry.js';
import { currentScope, type ExecutionScope } from '../../engine/execution-scope.js';
import { STEPS_METADATA } from '../redflow.metadata.js';

export interface StepDecoratorOptions<Args extends unknown[] = unknown[]> {
  /** Default: the name of the method. */
  readonly name?: string;
  /**
   * Gets the arguments of the call, and makes the name unique per call: `charge:order-7`. Needed where one run calls
   * the method more than once.
   */
  readonly key?: (...args: Args) => string;
  /** Time limit of one attempt of the step in ms. Default: none. */
  readonly timeoutMs?: number;
  /** Default: one attempt. */
  readonly retries?: RetryOptions;
}

/** What a `@Step` method looks like from outside, for the checks at bootstrap. */
export interface StepMetadata {
  readonly method: string | symbol;
  readonly options: StepDecoratorOptions;
}

type Method = (...args: never[]) => unknown;

/** `unknown` for a method that can be a step; else an object type whose one key says what is wrong. */
type StepRefusal<M extends Method, Args extends unknown[]> =
  ReturnType<M> extends Promise<infer T>
    ? [Journaled<T>] extends [T]
      ? ((...args: Args) => string) extends (...args: Parameters<M>) => string
        ? unknown
        : { readonly '@Step: `key` does not take the parameters of the method': true }
      : {
          readonly '@Step: the result is not the same after it was stored (a Date is a string, a class loses its methods): return plain data': true;
        }
    : { readonly '@Step: the method must return a Promise': true };

/**
 * Makes a method of a workflow class a durable step: within a run of its workflow its first success is stored and
 * returned ever after. Called outside any run, or inside another step, it is the plain method.
 *
 * The method must return a `Promise` of what survives storage unchanged: the compiler refuses a `Promise<Date>`,
 * which would come back as a string.
 *
 * @throws DuplicateStepError from the call when the run has called a step of that name before: see `key`
 */
export function Step<Args extends unknown[] = unknown[]>(options: StepDecoratorOptions<Args> = {}) {
  return <M extends Method>(
    prototype: object,
    method: string | symbol,
    descriptor: TypedPropertyDescriptor<M> & StepRefusal<M, Args>,
  ): void => {
    const original = descriptor.value as unknown as PlainMethod;
    descriptor.value = takeIdentity(original, durable(original, method, options)) as unknown as M;
    const steps = (Reflect.getOwnMetadata(STEPS_METADATA, prototype) ?? []) as StepMetadata[];
    Reflect.defineMetadata(STEPS_METADATA, [...steps, { method, options } as StepMetadata], prototype);
  };
}

type PlainMethod = (this: unknown, ...args: unknown[]) => unknown;

function durable<Args extends unknown[]>(
  original: PlainMethod,
  method: string | symbol,
  options: StepDecoratorOptions<Args>,
): PlainMethod {
  return function (this: unknown, ...args: unknown[]): unknown {
    const scope = currentScope();
    if (!isDurable(scope, this)) return original.apply(this, args);
    return callStep(scope, stepName(method, options, args as Args), options, () => original.apply(this, args));
  };
}

function isDurable(scope: ExecutionScope | undefined, instance: unknown): scope is ExecutionScope {
  return scope !== undefined && !scope.insideStep && scope.execution.instance === instance;
}

// Async, so that a `key` that throws rejects the call like any other failure of the step.
async function callStep<Args extends unknown[]>(
  scope: ExecutionScope,
  name: () => string,
  { timeoutMs, retries }: StepDecoratorOptions<Args>,
  body: () => unknown,
): Promise<unknown> {
  return scope.step.run({ name: name(), timeoutMs, retries }, body);
}

function stepName<Args extends unknown[]>(
  method: string | symbol,
  { name = String(method), key }: StepDecoratorOptions<Args>,
  args: Args,
): () => string {
  return () => (key ? `${name}:${key(...args)}` : name);
}

// Other decorators and Nest's reflector must not see a difference.
function takeIdentity(original: PlainMethod, replacement: PlainMethod): PlainMethod {
  Object.defineProperty(replacement, 'name', { value: original.name, configurable: true });
  Object.defineProperty(replacement, 'length', { value: original.length, configurable: true });
  for (const key of Reflect.getOwnMetadataKeys(original)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), replacement);
  }
  return replacement;
}
