import type { Bell, RegistryStore, RunStore, Store, WorkerStore } from '../../../../lib/core/store.js';
import type { Told } from './worker-order.js';

type Call = () => Promise<unknown>;

/** Takes the place of a call of a method: `work.finish`. */
export type Intervention = (method: string, call: Call, args: readonly unknown[]) => Promise<unknown>;

/** A store that tells which writes were refused because the lease was lost, and lets a test step in. */
export class WitnessedStore implements Store {
  readonly runs: RunStore;
  readonly work: WorkerStore;
  readonly registry: RegistryStore;

  constructor(
    private readonly store: Store,
    private readonly tell: (told: Told) => void,
    private readonly intervene: Intervention = (_method, call) => call(),
  ) {
    this.runs = this.#wrap('runs', store.runs);
    this.work = this.#wrap('work', store.work);
    this.registry = this.#wrap('registry', store.registry);
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

  #wrap<S extends object>(role: string, target: S): S {
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        const method = `${role}.${String(name)}`;
        return async (...args: unknown[]) => {
          const call = (): Promise<unknown> => Reflect.apply(member, target, args) as Promise<unknown>;
          const reply = await this.intervene(method, call, args);
          const states = Array.isArray(reply) ? reply : [(reply as { state?: string } | undefined)?.state ?? reply];
          for (const state of states) if (state === 'lost') this.tell({ event: 'refused', detail: method });
          if (WRITES.has(method) && !states.includes('lost')) this.tell({ event: 'accepted', detail: method });
          return reply;
        };
      },
    });
  }
}

const WRITES = new Set(['work.recordStep', 'work.recordFailure', 'work.spawnChild', 'work.suspend', 'work.finish']);
