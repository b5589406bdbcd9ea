/** Exactly the same type: `any` equals only `any`, an optional property only an optional one. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only for `true`. */
export type Expect<T extends true> = T;

/** Stands for a value where only its type matters. */
export declare function valueOf<T>(): T;

/** Where the checks stand inside a function. */
export declare function check<_Checks extends true[]>(): void;
