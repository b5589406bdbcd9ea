import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/free-port.js';

/** A Redis of our own with an append-only file, which can be killed and comes back with its data. */
export class StormRedis {
  /** Holds the append-only file. */
  readonly folder = mkdtempSync(join(tmpdir(), 'redflow-storm-'));
  #process: ChildProcess | undefined;
  #commands: Redis | undefined;

  private constructor(readonly port: number) {}

  static async start(more: readonly string[] = []): Promise<StormRedis> {
    const redis = new StormRedis(await freePort());
    await redis.boot(more);
    return redis;
  }

  get commands(): Redis {
    this.#commands ??= new Redis({ port: this.port, host: '127.0.0.1' }).on('error', () => undefined);
    return this.#commands;
  }

  /** `more`: settings for this time. */
  async boot(more: readonly string[] = []): Promise<void> {
    // With `everysec` Redis answers before it writes while an fsync is under way: its kill would lose what was acknowledged,
    // as Redis says, and not by a fault of ours. Without fsync all is written that was answered, and only the machine may lose it.
    const settings = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no', '--loglevel', 'warning'];
    const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    this.#process = spawn('redis-server', [...place, ...settings, ...more], { stdio: 'ignore' });
    await eventually(async () => (await this.commands.ping()) === 'PONG', 20_000);
  }

  /**
   * Lets it go before other processes where this user may say so: else a command looks slow that only had to wait for a
   * processor.
   */
  prefer(): void {
    try {
      setPriority(this.#process?.pid ?? 0, constants.priority.PRIORITY_HIGHEST);
    } catch {
      // Without the right it is one process among others.
    }
  }

  /** SIGKILL. {@link boot} brings it back. */
  async kill(): Promise<void> {
    const dying = this.#process;
    if (!dying || dying.exitCode !== null) return;
    const exit = once(dying, 'exit');
    dying.kill('SIGKILL');
    await exit;
  }

  async close(): Promise<void> {
    this.#commands?.disconnect();
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
