import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigurationError } from '../core/errors/configuration.error.js';
import { ConnectionError } from '../core/errors/connection.error.js';
import { isCluster, openClient, type ClientRequest, type RedisClient } from './open-client.js';

// Calls that wait for a connection; each may carry many runs.
const MAX_WAITING = 1_000;
// Passes by itself: a server that loads, a fail-over, a slot that moves. Every script is safe to send again.
const TRANSIENT =
  /\b(LOADING|BUSY|TRYAGAIN|MASTERDOWN|CLUSTERDOWN|READONLY|ASK|UNBLOCKED)\b|^Too many Cluster redirections|^Connection is closed/;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;
// A server that is a replica now is left at most so often, and has ceased to be one when it took writes for so long.
const DEMOTED_MS = 1_000;

/** Told once per change, not once per attempt. */
export type LinkListener = (state: 'lost' | 'restored', reason: string) => void;

export interface LinkOptions extends ClientRequest {
  /** How long a command waits for a connection, and then for its answer, in ms. */
  readonly commandTimeoutMs: number;
  readonly listener?: LinkListener;
}

/** One connection of ours, opened on first use. */
export class RedisLink {
  #opening: Promise<RedisClient> | undefined;
  #client: RedisClient | undefined;
  #closed = false;
  #lost = false;
  #ready = false;
  #waiting = 0;
  #demotedAt = -Infinity;
  readonly #closing = new AbortController();

  constructor(private readonly options: LinkOptions) {
    // Each call that is to be sent again listens to it; so many are no leak.
    setMaxListeners(0, this.#closing.signal);
  }

  /** @throws ConnectionError when closed; ConfigurationError for a connection that cannot be used */
  async client(): Promise<RedisClient> {
    if (this.#closed) throw new ConnectionError('the connection to Redis is closed');
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /**
   * Sends, and again while what is in the way passes by itself: a server that is busy or loading, a fail-over.
   *
   * @throws ConnectionError, without the arguments
   */
  async request<T>(what: string, send: (client: RedisClient) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.options.commandTimeoutMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const client = this.#client ?? (await this.client());
      if (client.status !== 'ready' && !(await this.#whenReady(what, client))) continue;
      try {
        const reply = await send(client);
        if (this.#lost) this.#onAnswered();
        return reply;
      } catch (error) {
        this.leaveIfUseless(client, error);
        if (!isTransient(error) || this.#closed || performance.now() + pause > deadline) throw redacted(what, error);
        await delay(pause, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  /**
   * Leaves a connection over which nothing comes of commands: one that is half-open, or leads to a replica
   * that was the master. The next one finds the way anew.
   */
  leaveIfUseless(client: RedisClient, error: unknown): void {
    if (client !== this.#client || !(error instanceof Error)) return;
    if (error.message === 'Command timed out') {
      this.#onLost(`no answer within ${this.options.commandTimeoutMs} ms`);
      this.replace();
    } else if (/\bREADONLY\b/.test(error.message)) {
      this.#onLost('the server is a replica, which takes no writes');
      if (performance.now() - this.#demotedAt >= DEMOTED_MS) this.replace();
      else return;
      this.#demotedAt = performance.now();
    }
  }

  /** Gives the connection up, and opens another on next use: for one that may be half-open. Calls that wait for an answer reject. */
  replace(): void {
    const client = this.#client;
    if (this.#closed || !client) return;
    this.#client = undefined;
    this.#opening = undefined;
    if (client.status !== 'end') client.disconnect();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing.abort();
    const client = this.#client ?? (await this.#opening?.catch(() => undefined));
    if (!client) return;
    // Of a cluster this would connect to the nodes that were not needed.
    const quits = this.options.purpose === 'commands' && !isCluster(client);
    if (quits && client.status === 'ready') await client.quit().catch(() => undefined);
    // On a socket that is gone already ioredis would start a timer that keeps the process alive.
    if (client.status !== 'end') client.disconnect();
  }

  // Waits outside the client's own queue: what gives up here has certainly not been sent, and never will be.
  // False for a client that has ended: another takes its place.
  async #whenReady(what: string, client: RedisClient): Promise<boolean> {
    if (this.#waiting >= MAX_WAITING) {
      throw new ConnectionError(
        `Redis could not do "${what}": it is away, and ${this.#waiting} calls wait for it already`,
      );
    }
    this.#waiting++;
    const limit = AbortSignal.timeout(this.options.commandTimeoutMs);
    let obstacle = '';
    try {
      await untilReady(client, AbortSignal.any([limit, this.#closing.signal]), (error) => {
        obstacle = ` (${messageOf(error)})`;
      });
      if (client.status === 'ready') return true;
      if (client === this.#client) this.replace();
      return false;
    } catch {
      const reason = limit.aborted
        ? `no connection within ${this.options.commandTimeoutMs} ms${obstacle}`
        : 'the client was closed';
      throw new ConnectionError(`Redis could not do "${what}": ${reason}; nothing was sent`);
    } finally {
      this.#waiting--;
    }
  }

  async #open(): Promise<RedisClient> {
    const client = await openClient(this.options);
    this.#client = client;
    // Each call that waits for the connection listens to it; so many are no leak.
    client.setMaxListeners(MAX_WAITING + 10);
    const isCurrent = (): boolean => this.#client === client;
    client.on('error', (error: unknown) => isCurrent() && this.#onLost(messageOf(error)));
    client.on('close', () => isCurrent() && this.#ready && this.#onLost('the connection was closed'));
    client.on('ready', () => isCurrent() && this.#onReady());
    if (this.#closed) client.disconnect();
    return client;
  }

  #onLost(reason: string): void {
    if (this.#lost || this.#closed) return;
    this.#lost = true;
    this.options.listener?.('lost', reason);
  }

  #onReady(): void {
    this.#ready = true;
    this.#onAnswered();
  }

  // A replica that was the master is connected to as well, and answers what only reads.
  #onAnswered(): void {
    if (!this.#lost || performance.now() - this.#demotedAt < DEMOTED_MS * 2) return;
    this.#lost = false;
    this.options.listener?.('restored', '');
  }
}

// Told by shape: errors of the system and of another copy of a library count as well. Some have only a code.
function messageOf(error: unknown): string {
  const { message, code } = Object(error) as { message?: unknown; code?: unknown };
  if (typeof message === 'string' && message !== '') return message;
  return typeof code === 'string' ? code : 'unknown error';
}

/** Each failed attempt to connect is an `error` event: others follow, so it does not end the wait. Only an end does. */
function untilReady(client: RedisClient, signal: AbortSignal, onFailed: (error: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      client.off('ready', onSettled).off('end', onSettled).off('error', onFailed);
      signal.removeEventListener('abort', onAborted);
      end();
    };
    const onSettled = (): void => settle(resolve);
    const onAborted = (): void => settle(() => reject(signal.reason as Error));
    client.on('ready', onSettled).on('end', onSettled).on('error', onFailed);
    signal.addEventListener('abort', onAborted);
    if (signal.aborted) onAborted();
    else if (client.status === 'ready' || client.status === 'end') onSettled();
  });
}

function isTransient(error: unknown): boolean {
  return TRANSIENT.test(messageOf(error));
}

// Errors of ioredis carry the command with its arguments: only the message goes on.
function redacted(what: string, error: unknown): Error {
  if (error instanceof ConnectionError || error instanceof ConfigurationError) return error;
  const message = explained(messageOf(error).replace(/,? with args beginning with:.*$/s, ''));
  const refused = error instanceof Error && error.name === 'ReplyError' && !isTransient(error);
  return new ConnectionError(`Redis could not do "${what}": ${message}`, refused);
}

function explained(message: string): string {
  if (!/\bOOM\b/.test(message)) return message;
  return `its memory is full, and nothing was written; raise maxmemory, or keep finished runs for a shorter time (${message})`;
}
