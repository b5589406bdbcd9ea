import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { ConfigurationError } from '../core/errors/configuration.error.js';
import { ConnectionError } from '../core/errors/connection.error.js';
import type { ConnectionOption } from './connection-options.js';

export type RedisClient = Redis | Cluster;

/** What a link is for: a command must not hang; a reader waits, and a subscriber listens, for as long as it takes. */
export type LinkPurpose = 'commands' | 'blocking' | 'subscriber';

const COMMAND_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_RECONNECT_DELAY_MS = 1_000;
// About 7 s of reconnecting: longer than the command time-out, so that what waits offline is bounded.
const MAX_RETRIES_PER_REQUEST = 10;
const TRANSIENT = /^(LOADING|BUSY|TRYAGAIN|MASTERDOWN|CLUSTERDOWN|READONLY)\b/;
const TRANSIENT_ATTEMPTS = 5;
const TRANSIENT_DELAY_MS = 100;

/** Told once per change, not once per attempt. */
export type LinkListener = (state: 'lost' | 'restored', reason: string) => void;

/** One connection of ours, opened on first use. */
export class RedisLink {
  #opening: Promise<RedisClient> | undefined;
  #client: RedisClient | undefined;
  #closed = false;
  #lost = false;
  #ready = false;

  constructor(
    private readonly connection: ConnectionOption,
    private readonly purpose: LinkPurpose,
    private readonly listener: LinkListener = () => {},
  ) {}

  /** @throws ConnectionError when closed; ConfigurationError for a connection that cannot be used */
  async client(): Promise<RedisClient> {
    if (this.#closed) throw new ConnectionError('the connection to Redis is closed');
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Sends, again where Redis is only busy or loading. @throws ConnectionError, without the arguments */
  async request<T>(what: string, send: (client: RedisClient) => Promise<T>): Promise<T> {
    const client = this.#client ?? (await this.client());
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(client);
      } catch (error) {
        if (attempt === TRANSIENT_ATTEMPTS || this.#closed || !isTransient(error)) throw redacted(what, error);
        await delay(TRANSIENT_DELAY_MS * attempt);
      }
    }
  }

  /** Drops the socket and connects anew: for a connection that may be half-open. */
  reconnect(): void {
    if (!this.#closed) this.#client?.disconnect(true);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const client = this.#client ?? (await this.#opening?.catch(() => undefined));
    if (!client) return;
    if (this.purpose === 'commands' && client.status === 'ready') await client.quit().catch(() => undefined);
    client.disconnect();
  }

  async #open(): Promise<RedisClient> {
    const client = await openClient(this.connection, this.purpose);
    this.#client = client;
    client.on('error', (error: unknown) => this.#onLost(error instanceof Error ? error.message : 'unknown error'));
    client.on('close', () => this.#ready && this.#onLost('the connection was closed'));
    client.on('ready', () => this.#onReady());
    if (this.#closed) client.disconnect();
    return client;
  }

  #onLost(reason: string): void {
    if (this.#lost || this.#closed) return;
    this.#lost = true;
    this.listener('lost', reason);
  }

  #onReady(): void {
    this.#ready = true;
    if (!this.#lost) return;
    this.#lost = false;
    this.listener('restored', '');
  }
}

async function openClient(connection: ConnectionOption, purpose: LinkPurpose): Promise<RedisClient> {
  const source = typeof connection === 'function' ? await connection() : connection;
  const options = linkOptions(purpose);
  if (typeof source === 'string') return new Redis(checkUrl(source), options);
  // Two installed copies of ioredis must understand each other, so classes are told apart by shape.
  if ('duplicate' in source && typeof source.duplicate === 'function') {
    checkKeyPrefix((source.options as { keyPrefix?: string }).keyPrefix);
    return 'nodes' in source
      ? source.duplicate(undefined, { redisOptions: { ...source.options.redisOptions, ...options } })
      : (source as Redis).duplicate(options);
  }
  if (typeof source !== 'object' || source === null) {
    throw new ConfigurationError('connection', 'must be a URL, ioredis options, a Redis or Cluster, or a factory of one');
  }
  checkKeyPrefix((source as RedisOptions).keyPrefix);
  return new Redis({ ...(source as RedisOptions), ...options });
}

function linkOptions(purpose: LinkPurpose): RedisOptions {
  return {
    lazyConnect: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    enableOfflineQueue: true,
    enableAutoPipelining: false,
    maxRetriesPerRequest: purpose === 'commands' ? MAX_RETRIES_PER_REQUEST : null,
    retryStrategy: (attempt) => Math.min(100 * 2 ** Math.min(attempt - 1, 10), MAX_RECONNECT_DELAY_MS),
    // A demoted master refuses writes: connect anew, which finds the master, and send again.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    ...(purpose === 'commands' ? { commandTimeout: COMMAND_TIMEOUT_MS } : { commandTimeout: undefined }),
  };
}

/** @throws ConfigurationError that does not repeat the URL, which may hold a password */
export function checkUrl(url: string): string {
  if (/^rediss?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new ConfigurationError('connection', 'is not a URL of the form redis://host:port or rediss://host:port');
}

function checkKeyPrefix(keyPrefix: string | undefined): void {
  if (keyPrefix) throw new ConfigurationError('connection', 'must not have a keyPrefix: use the option "prefix" of redflow');
}

function isTransient(error: unknown): boolean {
  return error instanceof Error && TRANSIENT.test(error.message);
}

// Errors of ioredis carry the command with its arguments: only the message goes on.
function redacted(what: string, error: unknown): Error {
  if (error instanceof ConnectionError || error instanceof ConfigurationError) return error;
  const message = error instanceof Error ? error.message.replace(/,? with args beginning with:.*$/s, '') : 'unknown error';
  const refused = error instanceof Error && error.name === 'ReplyError';
  return new ConnectionError(`Redis could not do "${what}": ${message}`, refused);
}
