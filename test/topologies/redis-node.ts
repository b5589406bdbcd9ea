import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 30_000;
const NO_PERSISTENCE = ['--save', '', '--appendonly', 'no'];

// The shell becomes the server. A watchdog beside it ends it when this process, and with it the pipe, is gone.
const GUARDED =
  'exec 3<&0; (cat <&3; kill -9 $$; rm -rf "$0") >/dev/null 2>&1 & exec redis-server "$@" 3<&- </dev/null';

/** One `redis-server` process of our own: a private folder, free ports, ended by its pid. */
export class RedisNode {
  readonly host = HOST;
  #process: ChildProcess | undefined;
  #commands: Redis | undefined;

  private constructor(
    readonly port: number,
    readonly folder: string,
    private readonly args: readonly string[],
    private readonly client: RedisOptions,
  ) {}

  /** A server with `args` added, which is connected to with `client`. */
  static async start(args: readonly string[] = [], client: RedisOptions = {}): Promise<RedisNode> {
    const port = await freePort();
    return RedisNode.#launch(port, [...NO_PERSISTENCE, '--port', `${port}`, ...args], client);
  }

  /** A server on `port`, of which `args` say all but the folder. */
  static async startOn(port: number, args: readonly string[], client: RedisOptions): Promise<RedisNode> {
    return RedisNode.#launch(port, [...NO_PERSISTENCE, ...args], client);
  }

  /** A sentinel with these lines in its configuration. */
  static async startSentinel(lines: readonly string[]): Promise<RedisNode> {
    const port = await freePort();
    const folder = await newFolder();
    const file = join(folder, 'sentinel.conf');
    await writeFile(file, [`port ${port}`, `bind ${HOST}`, `dir ${folder}`, ...lines, ''].join('\n'));
    const node = new RedisNode(port, folder, [file, '--sentinel'], {});
    await node.boot();
    return node;
  }

  static async #launch(port: number, args: readonly string[], client: RedisOptions): Promise<RedisNode> {
    const folder = await newFolder();
    const node = new RedisNode(port, folder, ['--bind', HOST, '--dir', folder, ...args], client);
    await node.boot();
    return node;
  }

  get url(): string {
    return `redis://${HOST}:${this.port}`;
  }

  /** For looking into the server and for steering it. */
  get commands(): Redis {
    this.#commands ??= new Redis({ host: HOST, port: this.port, ...this.client }).on('error', () => undefined);
    return this.#commands;
  }

  async boot(): Promise<void> {
    const command = ['-c', GUARDED, this.folder, ...this.args];
    this.#process = spawn('/bin/sh', command, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.#process.stdin?.on('error', () => undefined);
    for (const handle of [this.#process, this.#process.stdin as Socket]) handle.unref();
    await eventually(async () => (await this.commands.ping()) === 'PONG', START_TIMEOUT_MS);
  }

  /** Freezes the process: its connections stay open, and nothing answers. */
  stop(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const dying = this.#process;
    if (!dying || dying.pid === undefined || dying.exitCode !== null || dying.signalCode !== null) return;
    const exit = once(dying, 'exit');
    dying.ref();
    dying.kill('SIGKILL');
    await exit;
  }

  async close(): Promise<void> {
    this.#commands?.disconnect();
    await this.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'redflow-topology-'));
}
