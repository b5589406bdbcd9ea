import type { Bell, Store } from '../core/store.js';
import type { ConnectionOption } from './connection-options.js';
import { Doctor, type DoctorOptions } from './doctor/doctor.js';
import type { DoctorReport } from './doctor/violation.js';
import { Keyspace } from './keys.js';
import { RedisLink, type LinkListener } from './link.js';
import type { LinkPurpose } from './open-client.js';
import { OutcomeWatcher } from './outcome-watcher.js';
import { Presence } from './presence.js';
import { RedisBell } from './redis-bell.js';
import { RedisRegistryStore } from './redis-registry-store.js';
import { RedisRunStore } from './redis-run-store.js';
import { RedisWorkerStore } from './redis-worker-store.js';
import { checkServer } from './server-checks.js';

export interface RedisStoreOptions {
  readonly connection: ConnectionOption;
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly onConnection?: LinkListener;
}

/** The store on Redis: one link for commands, one for messages and one per blocking reader, each opened on first use. */
export class RedisStore implements Store {
  readonly runs: RedisRunStore;
  readonly work: RedisWorkerStore;
  readonly registry: RedisRegistryStore;
  readonly #keys: Keyspace;
  readonly #commands: RedisLink;
  readonly #subscriber: RedisLink;
  readonly #watcher: OutcomeWatcher;

  constructor(private readonly options: RedisStoreOptions) {
    this.#keys = new Keyspace(options.prefix);
    this.#commands = this.#link('commands', options.onConnection);
    this.#subscriber = this.#link('subscriber');
    this.#watcher = new OutcomeWatcher(this.#keys, this.#commands, this.#subscriber);
    this.runs = new RedisRunStore(this.#keys, this.#commands, this.#watcher);
    this.work = new RedisWorkerStore(this.#keys, this.#commands);
    this.registry = new RedisRegistryStore(this.#keys, this.#commands);
  }

  openBell(): Bell {
    return new RedisBell({
      keys: this.#keys,
      reader: this.#link('blocking'),
      presence: new Presence(this.#keys, this.#subscriber),
      probe: () => this.ping(),
    });
  }

  #link(purpose: LinkPurpose, listener?: LinkListener): RedisLink {
    const { connection, commandTimeoutMs } = this.options;
    return new RedisLink({ connection, purpose, commandTimeoutMs, listener });
  }

  async ping(): Promise<void> {
    await this.#commands.request('ping', (redis) => redis.ping());
  }

  /** Checks the invariants of the prefix. */
  examine(options: DoctorOptions): Promise<DoctorReport> {
    return new Doctor(this.#keys, this.#commands, options).examine();
  }

  checkServer(): Promise<string[]> {
    return checkServer(this.#commands);
  }

  async close(): Promise<void> {
    this.#watcher.close();
    await Promise.all([this.#commands.close(), this.#subscriber.close()]);
  }
}
