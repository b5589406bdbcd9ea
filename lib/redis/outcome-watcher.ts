import { randomUUID } from 'node:crypto';
import { ConnectionError } from '../core/errors/connection.error.js';
import { RunNotFoundError } from '../core/errors/run-not-found.error.js';
import type { TerminalStatus } from '../core/run.js';
import type { RunOutcome } from '../core/store.js';
import { Batcher } from './batcher.js';
import type { Keyspace } from './keys.js';
import type { RedisLink } from './link.js';
import { SCRIPTS } from './scripts.js';

interface Waiter {
  readonly resolve: (outcome: RunOutcome) => void;
  readonly reject: (error: unknown) => void;
}

// A message can be lost while the subscription is down; this bounds what a loss costs.
const RECHECK_MS = 5_000;
// What a client tells itself, to hear whether it still hears.
const PROBE = 'probe';
const MAX_RUNS_PER_CALL = 200;
const TERMINAL: ReadonlySet<string> = new Set<TerminalStatus>(['succeeded', 'failed', 'canceled']);

/**
 * Tells callers when runs end. A client subscribes to one channel of its own and registers with each
 * run that it waits for; the script that ends the run publishes to the channels registered.
 */
export class OutcomeWatcher {
  readonly #clientId = randomUUID();
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #watch: Batcher<string, void>;
  #subscribed: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unheard = false;
  #closed = false;

  constructor(
    private readonly keys: Keyspace,
    private readonly commands: RedisLink,
    private readonly subscriber: RedisLink,
  ) {
    this.#watch = new Batcher({ maxItems: MAX_RUNS_PER_CALL, send: (ids) => this.#register(ids) });
  }

  async wait(id: string, signal?: AbortSignal): Promise<RunOutcome> {
    signal?.throwIfAborted();
    if (this.#closed) throw closedError();
    const { promise, resolve, reject } = deferred<RunOutcome>();
    const waiter = { resolve, reject };
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#add(id, waiter);
    this.#start(id).catch(reject);
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#remove(id, waiter);
    }
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const waiters of this.#waiters.values()) for (const { reject } of waiters) reject(closedError());
  }

  async #start(id: string): Promise<void> {
    await this.#subscribe();
    await this.#watch.add(id);
  }

  // Subscribed before registering: what is published in between must not be missed.
  #subscribe(): Promise<void> {
    this.#subscribed ??= this.#open().catch((error: unknown) => {
      this.#subscribed = undefined;
      throw error;
    });
    return this.#subscribed;
  }

  async #open(): Promise<void> {
    const client = await this.subscriber.client();
    client.on('message', (_channel: string, message: string) => this.#onMessage(message));
    client.on('ready', () => this.#recheck());
    await this.subscriber.request('subscribe', (redis) => redis.subscribe(this.keys.channel(this.#clientId)));
  }

  async #register(ids: readonly string[]): Promise<void[]> {
    const reply = await SCRIPTS.watchRuns.call(this.commands, this.keys.root, [this.#clientId, ...ids]);
    return ids.map((id, index) => this.#onStatus(id, reply[index * 2] ?? 'missing', reply[index * 2 + 1] ?? undefined));
  }

  #onMessage(message: string): void {
    if (message === PROBE) {
      this.#unheard = false;
      return;
    }
    const end = message.indexOf('\n');
    const [id, status] = message.slice(0, end).split(' ') as [string, string];
    if (status === 'fetch') void this.#watch.add(id).catch(() => undefined);
    else this.#onStatus(id, status, message.slice(end + 1) || undefined);
  }

  #onStatus(id: string, status: string, payload: string | undefined): void {
    for (const { resolve, reject } of this.#waiters.get(id) ?? []) {
      if (TERMINAL.has(status)) resolve({ status: status as TerminalStatus, payload });
      else if (status === 'missing') reject(new RunNotFoundError(id));
    }
  }

  // A subscription over a dead socket is silent like one to which nothing happens.
  async #probe(): Promise<void> {
    if (this.#unheard) this.#renew();
    this.#unheard = true;
    const channel = this.keys.channel(this.#clientId);
    try {
      await this.commands.request('publish', (redis) => redis.publish(channel, PROBE));
    } catch {
      // Not sent, so nothing is to be heard.
      this.#unheard = false;
    }
  }

  #renew(): void {
    this.subscriber.replace();
    this.#subscribed = undefined;
    this.#subscribe().catch(() => undefined);
  }

  #recheck(): void {
    for (const id of this.#waiters.keys()) void this.#watch.add(id).catch(() => undefined);
  }

  #add(id: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(id);
    if (waiters) waiters.add(waiter);
    else this.#waiters.set(id, new Set([waiter]));
    this.#timer ??= setInterval(() => {
      this.#recheck();
      void this.#probe();
    }, RECHECK_MS).unref();
  }

  #remove(id: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiters.delete(id);
    if (this.#waiters.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function closedError(): ConnectionError {
  return new ConnectionError('the client was closed while it waited for the result of a run');
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
