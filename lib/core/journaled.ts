type JsonPrimitive = string | number | boolean | null;

// `undefined` and functions vanish from objects; what may be undefined becomes optional-or-undefined.
type Vanishing = undefined | symbol | ((...args: never[]) => unknown);

/**
 * `T` as it comes back after it was stored: JSON by the default codec. A `Date` is a string, a
 * class instance is its own enumerable data, a `Map` is `{}`, a `bigint` cannot be stored (`never`).
 * Outputs of runs and results of steps are typed with it, the first time too.
 */
export type Journaled<T> = unknown extends T
  ? T
  : T extends JsonPrimitive | undefined | void
    ? T
    : T extends bigint
      ? never
      : T extends { toJSON(...args: never[]): infer R }
        ? Journaled<R>
        : T extends Vanishing
          ? undefined
          : T extends Map<unknown, unknown> | Set<unknown> | WeakMap<object, unknown> | WeakSet<object>
            ? Record<string, never>
            : T extends readonly unknown[]
              ? { -readonly [K in keyof T]: T[K] extends Vanishing ? null : Journaled<T[K]> }
              : T extends object
                ? {
                    [K in keyof T as K extends symbol
                      ? never
                      : T[K] extends symbol | ((...args: never[]) => unknown)
                        ? never
                        : K]: Journaled<T[K]>;
                  }
                : never;
