import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { ConfigurationError } from '../core/errors/configuration.error.js';
import { ConnectionError } from '../core/errors/connection.error.js';
import type { ConnectionOption } from './connection-options.js';

export type RedisClient = Redis | Cluster;

/** What a link is for: a command must not hang; a reader waits, and a subscriber listens, for as long as it takes. */
export type LinkPurpose = 'commands' | 'blocking' | 'subscriber';

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_RECONNECT_DELAY_MS = 1_000;
// From the end of our side of a socket until it is destroyed. ioredis waits so long even for one that is gone.
const DISCONNECT_TIMEOUT_MS = 100;
// Reconnections over which a command that was sent without an answer is sent again.
const MAX_RETRIES_PER_REQUEST = 10;
// Calls that wait for a connection; each may carry many runs.
const MAX_WAITING = 1_000;
const TRANSIENT = /^(LOADING|BUSY|TRYAGAIN|MASTERDOWN|CLUSTERDOWN|READONLY)\b/;
const TRANSIENT_ATTEMPTS = 5;
const TRANSIENT_DELAY_MS = 100;

/** Told once per change, not once per attempt. */
export type LinkListener = (state: 'lost' | 'restored', reason: string) => void;

export interface LinkOptions {
  readonly connection: ConnectionOption;
  readonly purpose: LinkPurpose;
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
  readonly #closing = new AbortController();

  constructor(private readonly options: LinkOptions) {}

  /** @throws ConnectionError when closed; ConfigurationError for a connection that cannot be used */
  async client(): Promise<RedisClient> {
    if (this.#closed) throw new ConnectionError('the connection to Redis is closed');
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Sends, again where Redis is only busy or loading. @throws ConnectionError, without the arguments */
  async request<T>(what: string, send: (client: RedisClient) => Promise<T>): Promise<T> {
    const client = this.#client ?? (await this.client());
    if (client.status !== 'ready') await this.#whenReady(what, client);
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(client);
      } catch (error) {
        if (attempt === TRANSIENT_ATTEMPTS || this.#closed || !isTransient(error)) throw redacted(what, error);
        await delay(TRANSIENT_DELAY_MS * attempt);
      }
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
    if (this.options.purpose === 'commands' && client.status === 'ready') await client.quit().catch(() => undefined);
    // On a socket that is gone already ioredis would start a timer that keeps the process alive.
    if (client.status !== 'end') client.disconnect();
  }

  // Waits outside the client's own queue: what gives up here has certainly not been sent, and never will be.
  async #whenReady(what: string, client: RedisClient): Promise<void> {
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
    client.on('error', (error: unknown) => this.#onLost(messageOf(error)));
    client.on('close', () => this.#ready && this.#onLost('the connection was closed'));
    client.on('ready', () => this.#onReady());
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
    if (!this.#lost) return;
    this.#lost = false;
    this.options.listener?.('restored', '');
  }
}

async function openClient(link: LinkOptions): Promise<RedisClient> {
  const { connection } = link;
  const source = typeof connection === 'function' ? await connection() : connection;
  const options = clientOptions(link);
  if (typeof source === 'string') return new Redis(checkUrl(source), options);
  if (typeof source !== 'object' || source === null) {
    throw new ConfigurationError(
      'connection',
      'must be a URL, ioredis options, a Redis or Cluster, or a factory of one',
    );
  }
  // Two installed copies of ioredis must understand each other, so classes are told apart by shape.
  if ('duplicate' in source && typeof source.duplicate === 'function') {
    checkKeyPrefix((source.options as { keyPrefix?: string }).keyPrefix);
    return 'nodes' in source
      ? source.duplicate(undefined, { redisOptions: { ...source.options.redisOptions, ...options } })
      : (source as Redis).duplicate(options);
  }
  checkKeyPrefix((source as RedisOptions).keyPrefix);
  return new Redis({ ...(source as RedisOptions), ...options });
}

function clientOptions({ purpose, commandTimeoutMs }: LinkOptions): RedisOptions {
  return {
    lazyConnect: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    enableOfflineQueue: true,
    enableAutoPipelining: false,
    maxRetriesPerRequest: purpose === 'commands' ? MAX_RETRIES_PER_REQUEST : null,
    retryStrategy: (attempt) => Math.min(100 * 2 ** Math.min(attempt - 1, 10), MAX_RECONNECT_DELAY_MS),
    // A demoted master refuses writes: connect anew, which finds the master, and send again.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    ...(purpose === 'commands' ? { commandTimeout: commandTimeoutMs } : { commandTimeout: undefined }),
  };
}

/** @throws ConfigurationError that does not repeat the URL, which may hold a password */
export function checkUrl(url: string): string {
  if (/^rediss?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new ConfigurationError('connection', 'is not a URL of the form redis://host:port or rediss://host:port');
}

function checkKeyPrefix(keyPrefix: string | undefined): void {
  if (keyPrefix)
    throw new ConfigurationError('connection', 'must not have a keyPrefix: use the option "prefix" of redflow');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}

/** Each failed attempt to connect is an `error` event: others follow, so it does not end the wait. */
async function untilReady(client: RedisClient, signal: AbortSignal, onFailed: (error: unknown) => void): Promise<void> {
  while (client.status !== 'ready') {
    await once(client, 'ready', { signal }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      onFailed(error);
    });
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof Error && TRANSIENT.test(error.message);
}

// Errors of ioredis carry the command with its arguments: only the message goes on.
function redacted(what: string, error: unknown): Error {
  if (error instanceof ConnectionError || error instanceof ConfigurationError) return error;
  const message =
    error instanceof Error ? error.message.replace(/,? with args beginning with:.*$/s, '') : 'unknown error';
  const refused = error instanceof Error && error.name === 'ReplyError';
  return new ConnectionError(`Redis could not do "${what}": ${message}`, refused);
}
