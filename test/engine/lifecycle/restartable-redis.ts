import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutable } from '../../../lib/testing/redis/executable.js';
import { freePort } from '../../support/free-port.js';

/** A Redis that writes every command to disk, and can be killed and started again on its port. */
export class RestartableRedis {
  #server: ChildProcess | undefined;

  private constructor(
    private readonly file: string,
    private readonly port: number,
    private readonly folder: string,
  ) {}

  /** `undefined` where this machine has no server program. */
  static async launch(): Promise<RestartableRedis | undefined> {
    const file = await findExecutable(['redis-server', 'valkey-server']);
    if (!file) return undefined;
    const folder = await mkdtemp(join(tmpdir(), 'redflow-restart-'));
    const redis = new RestartableRedis(file, await freePort(), folder);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = {
      port: this.port,
      bind: '127.0.0.1',
      dir: this.folder,
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    const server = spawn(this.file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      let log = '';
      server.once('exit', () => reject(new Error(`${this.file} has ended:\n${log}`)));
      server.stdout.on('data', (text: Buffer) => {
        log += text.toString();
        if (log.includes('Ready to accept connections')) resolve();
      });
    });
  }

  async kill(): Promise<void> {
    const server = this.#server;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
