import { ConnectionError } from '@redflow/nestjs';
import type { Bell, RegistryStore, RunStore, Store, WorkerStore } from '../../lib/core/store.js';

type MethodsOf<Role extends string, S> = `${Role}.${Extract<keyof S, string>}`;

/** A method of the store: `work.finish`. */
export type StoreMethod =
  MethodsOf<'runs', RunStore> | MethodsOf<'work', WorkerStore> | MethodsOf<'registry', RegistryStore>;

/** A call that is held up. */
export interface Hold {
  /** Resolves once the call has come. */
  readonly reached: Promise<void>;
  release(): void;
}

type Fault = (call: () => Promise<unknown>) => Promise<unknown>;

/**
 * A store whose next calls of a method can be held up, lost or repeated: provokes the races and the
 * failures that are otherwise a matter of luck. Each fault is for one call; the others pass.
 */
export class HoldingStore implements Store {
  readonly runs: RunStore;
  readonly work: WorkerStore;
  readonly registry: RegistryStore;
  readonly #faults = new Map<string, Fault[]>();
  readonly #calls = new Map<string, number>();
  readonly #holds: Hold[] = [];

  constructor(private readonly store: Store) {
    this.runs = this.#wrap('runs', store.runs);
    this.work = this.#wrap('work', store.work);
    this.registry = this.#wrap('registry', store.registry);
  }

  /** Holds the next call up before the store gets it. */
  holdCall(method: StoreMethod): Hold {
    const { hold, pass } = this.#newHold();
    this.#plan(method, async (call) => {
      await pass();
      return call();
    });
    return hold;
  }

  /** The store does what the next call says; its answer is held up. */
  holdReply(method: StoreMethod): Hold {
    const { hold, pass } = this.#newHold();
    this.#plan(method, async (call) => {
      const reply = await call();
      await pass();
      return reply;
    });
    return hold;
  }

  /** The store does what the next calls say; the caller hears that the connection was lost. */
  loseReply(method: StoreMethod, times = 1): void {
    for (let i = 0; i < times; i++) {
      this.#plan(method, async (call) => {
        await call();
        throw new ConnectionError(`the reply of ${method} was lost`);
      });
    }
  }

  /** The store gets nothing of the next calls; the caller hears that the connection was lost. */
  loseCall(method: StoreMethod, times = 1): void {
    for (let i = 0; i < times; i++) this.#plan(method, () => Promise.reject(new ConnectionError(`${method} was lost`)));
  }

  /** The store gets the next call twice; the caller gets the second answer. */
  repeat(method: StoreMethod): void {
    this.#plan(method, async (call) => {
      await call();
      return call();
    });
  }

  /** Lets everything go that is held up: a worker that waits for it could not be stopped. */
  releaseAll(): void {
    this.#faults.clear();
    for (const hold of this.#holds) hold.release();
  }

  /** How often a method was called. */
  calls(method: StoreMethod): number {
    return this.#calls.get(method) ?? 0;
  }

  /** How often any method was called. */
  get totalCalls(): number {
    return [...this.#calls.values()].reduce((sum, calls) => sum + calls, 0);
  }

  openBell(): Bell {
    return this.store.openBell();
  }

  ping(): Promise<void> {
    return this.store.ping();
  }

  checkServer(): Promise<string[]> {
    return this.store.checkServer();
  }

  close(): Promise<void> {
    return this.store.close();
  }

  #plan(method: StoreMethod, fault: Fault): void {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), fault]);
  }

  #wrap<S extends object>(role: string, target: S): S {
    return new Proxy(target, {
      get: (_, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) =>
          this.#pass(`${role}.${String(name)}`, () => Reflect.apply(method, target, args) as Promise<unknown>);
      },
    });
  }

  #pass(method: string, call: () => Promise<unknown>): Promise<unknown> {
    this.#calls.set(method, (this.#calls.get(method) ?? 0) + 1);
    const fault = this.#faults.get(method)?.shift();
    return fault ? fault(call) : call();
  }

  #newHold(): { hold: Hold; pass: () => Promise<void> } {
    let reach!: () => void;
    let release!: () => void;
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    const hold = { reached, release };
    this.#holds.push(hold);
    const pass = (): Promise<void> => {
      reach();
      return released;
    };
    return { hold, pass };
  }
}
