type Callable = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

/** What JSON leaves out of an object and writes as `null` in an array. */
type Vanishing = undefined | symbol | Callable;

/** Objects that keep their content where JSON does not look. */
type Hollow =
  | Map<unknown, unknown>
  | Set<unknown>
  | WeakMap<object, unknown>
  | WeakSet<object>
  | Promise<unknown>
  | RegExp
  | ArrayBuffer;

/**
 * `T` as it comes back after it was stored: JSON by the default codec. A `Date` is a string, a
 * class instance is its own data without methods, a `Map` is `{}`, an `undefined` in an array is
 * `null`, a `bigint` cannot be stored (`never`). Outputs of runs and results of steps are typed with
 * it, the first time too. What types do not tell, it cannot tell either: a getter of a class looks
 * like data, a `NaN` like a number.
 */
export type Journaled<T> = unknown extends T
  ? T
  : T extends { toJSON(...args: never[]): infer Replacement }
    ? JournaledValue<Replacement>
    : JournaledValue<T>;

// Apart from `Journaled`, because JSON calls `toJSON` once and not on what it returned.
type JournaledValue<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined | void
    ? T
    : T extends bigint
      ? never
      : T extends Vanishing
        ? undefined
        : T extends Hollow
          ? Record<string, never>
          : T extends readonly (infer Element)[]
            ? Element[] extends T
              ? JournaledElement<Element>[]
              : JournaledTuple<T>
            : T extends ArrayBufferView
              ? Record<string, number>
              : JournaledObject<T>;

// Arrays are not mapped but written out: TypeScript maps them eagerly, and a recursive type never ends.
type JournaledTuple<T> = { -readonly [K in keyof T]: JournaledElement<T[K]> };

type JournaledElement<T> = T extends Vanishing ? null : Journaled<T>;

type JournaledObject<T> = { [K in keyof T as StoredKey<T, K>]: Journaled<T[K]> };

// The own properties of an `Error` are not enumerable, unless a subclass declares more.
type StoredKey<T, K extends keyof T> = K extends symbol
  ? never
  : [T[K]] extends [symbol | Callable]
    ? never
    : T extends Error
      ? Exclude<K, keyof Error>
      : K;
