import type { Journaled } from '@redflow/nestjs';
import type { Equal, Expect } from './expect-type.js';

class Money {
  readonly #secret = 1;
  private readonly hidden = this.#secret;

  constructor(
    readonly cents: number,
    readonly since: Date,
  ) {}

  plus(other: Money): Money {
    return new Money(this.cents + other.cents + this.hidden, this.since);
  }
}

class Celsius {
  constructor(private readonly degrees: number) {}

  toJSON(): { degrees: number; at: Date } {
    return { degrees: this.degrees, at: new Date(0) };
  }
}

class PaymentError extends Error {
  constructor(readonly code: number) {
    super('declined');
  }
}

enum Size {
  Small = 'small',
}

interface Tree {
  readonly planted: Date;
  readonly children: readonly Tree[];
}

interface JsonTree {
  readonly planted: string;
  readonly children: JsonTree[];
}

declare const BRAND: unique symbol;
type OrderId = string & { readonly [BRAND]: true };

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export type Primitives = [
  Expect<Equal<Journaled<string>, string>>,
  Expect<Equal<Journaled<'a' | 1 | true | null>, 'a' | 1 | true | null>>,
  Expect<Equal<Journaled<boolean>, boolean>>,
  Expect<Equal<Journaled<Size>, Size>>,
  Expect<Equal<Journaled<OrderId>, OrderId>>,
  Expect<Equal<Journaled<bigint>, never>>,
  Expect<Equal<Journaled<symbol>, undefined>>,
  Expect<Equal<Journaled<undefined>, undefined>>,
  Expect<Equal<Journaled<void>, void>>,
  Expect<Equal<Journaled<unknown>, unknown>>,
  Expect<Equal<Journaled<never>, never>>,
  Expect<Equal<Journaled<() => number>, undefined>>,
  Expect<Equal<Journaled<typeof Money>, undefined>>,
];

export type Objects = [
  Expect<Equal<Journaled<Date>, string>>,
  Expect<Equal<Journaled<URL>, string>>,
  Expect<Equal<Journaled<Map<string, number>>, Record<string, never>>>,
  Expect<Equal<Journaled<Set<Date>>, Record<string, never>>>,
  Expect<Equal<Journaled<RegExp>, Record<string, never>>>,
  Expect<Equal<Journaled<Uint8Array>, Record<string, number>>>,
  Expect<Equal<Journaled<Buffer>, { type: 'Buffer'; data: number[] }>>,
  Expect<Equal<Journaled<Record<string, Date>>, Record<string, string>>>,
  Expect<Equal<Journaled<{ a: { b: { c: Date } } }>, { a: { b: { c: string } } }>>,
  Expect<Equal<Journaled<{ readonly a: Date; b?: Date }>, { readonly a: string; b?: string }>>,
  Expect<Equal<Journaled<{ a: Date | undefined }>, { a: string | undefined }>>,
  Expect<Equal<Journaled<{ a: 1; f: () => void; [BRAND]: 2 }>, { a: 1 }>>,
  Expect<Equal<Journaled<{ a: bigint }>, { a: never }>>,
  Expect<Equal<Journaled<{ a: unknown }>, { a: unknown }>>,
  Expect<Equal<Journaled<Tree>['children'][number]['planted'], string>>,
];

export type Unions = [
  Expect<Equal<Journaled<Date | null>, string | null>>,
  Expect<Equal<Journaled<Date | number | undefined>, string | number | undefined>>,
  Expect<
    Equal<Journaled<{ type: 'a'; at: Date } | { type: 'b'; f(): void }>, { type: 'a'; at: string } | { type: 'b' }>
  >,
];

export type Arrays = [
  Expect<Equal<Journaled<Date[]>, string[]>>,
  Expect<Equal<Journaled<readonly Date[]>, string[]>>,
  Expect<Equal<Journaled<readonly [Date, 1]>, [string, 1]>>,
  Expect<Equal<Journaled<(string | undefined)[]>, (string | null)[]>>,
  Expect<Equal<Journaled<(() => void)[]>, null[]>>,
  Expect<Equal<Journaled<[Date, ...Money[]]>, [string, ...{ readonly cents: number; readonly since: string }[]]>>,
  Expect<Equal<Journaled<unknown[]>, unknown[]>>,
];

export type Instances = [
  Expect<Equal<Journaled<Money>, { readonly cents: number; readonly since: string }>>,
  Expect<Equal<Journaled<Celsius>, { degrees: number; at: string }>>,
  Expect<Equal<Journaled<PaymentError>, { readonly code: number }>>,
  Expect<Equal<Journaled<TypeError>, {}>>,
];

/** What is JSON already comes back as it is. */
export function plainDataStays(json: Json, tree: Journaled<Tree>): [Journaled<Json>, JsonTree] {
  return [json, tree];
}
