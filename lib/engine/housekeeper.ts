import type { Payloads } from '../core/payloads.js';
import type { Retention } from '../core/retention.js';
import type { Store } from '../core/store.js';
import type { Logger } from './logger.js';
import { syncRegistry } from './registration.js';
import { Service } from './service.js';
import type { WorkflowRegistry } from './workflow-registry.js';

// Half of the 30 s after which an entry is stale.
const TOUCH_INTERVAL_MS = 15_000;
const TIDY_EVERY_TURNS = 4;
// Long enough for a deployment of the same app that is scaled to 0 for a while: what it has queued must wait for it.
const ABANDONED_MS = 10 * 60_000;

export interface HousekeeperParts {
  readonly store: Store;
  readonly payloads: Payloads;
  readonly retention: Retention;
  readonly registry: WorkflowRegistry;
  readonly app: string;
  readonly logger: Logger;
  /** The registry was lost and has been written again. */
  readonly onRestored: () => void;
}

/** Keeps the registration of the app alive, writes it again where Redis has lost it, and removes what retention has outlived. */
export class Housekeeper {
  readonly #service: Service;
  #turns = 0;

  constructor(private readonly parts: HousekeeperParts) {
    this.#service = new Service('housekeeper', () => this.#turn(), parts.logger);
  }

  start(): void {
    this.#service.start();
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  async #turn(): Promise<number> {
    const { store, retention, registry, app } = this.parts;
    const names = registry.list().map(({ name }) => name);
    // At the first turn they were registered a moment ago.
    if (this.#turns > 0) await this.#touch(names);
    if (this.#turns++ % TIDY_EVERY_TURNS === 0) {
      // What a former version of the app has left goes once its last worker is long gone.
      if (names.length > 0) await store.registry.removeStale({ app, names, ageMs: ABANDONED_MS });
      for (let more = true; more;) ({ more } = await store.work.tidy({ retention }));
    }
    return TOUCH_INTERVAL_MS;
  }

  async #touch(names: readonly string[]): Promise<void> {
    const { store, payloads, registry, app, logger, onRestored } = this.parts;
    if (names.length === 0 || (await store.registry.touch({ app, names }))) return;
    const { foreign } = await syncRegistry({ store: store.registry, payloads }, registry, app);
    for (const name of foreign) logger.warn(`workflow "${name}" is registered by another app than "${app}"`);
    if (foreign.length < names.length) onRestored();
  }
}
