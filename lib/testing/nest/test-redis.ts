import { randomUUID } from 'node:crypto';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { getRedflowClientToken } from '../../nest/redflow.module-definition.js';
import type { ConnectionOption } from '../../redis/connection-options.js';
import { deleteKeys } from '../delete-keys.js';
import { launchRedis, type LaunchOptions } from '../redis-launcher.js';

export interface TestRedisOptions {
  /** `name` of the instance. */
  readonly name?: string;
  readonly connection?: ConnectionOption;
  readonly prefix?: string;
  readonly launch?: LaunchOptions;
}

/** The Redis of one testing module, and a prefix in it. Goes with the application. */
export class TestRedis implements OnApplicationShutdown {
  private constructor(
    readonly connection: ConnectionOption,
    readonly prefix: string,
    private readonly closeServer: () => Promise<void>,
    private readonly closeClient: () => Promise<void>,
  ) {}

  static async open(options: TestRedisOptions, moduleRef: ModuleRef): Promise<TestRedis> {
    const { connection, prefix = `test-${randomUUID()}` } = options;
    const closeClient = () => moduleRef.get(getRedflowClientToken(options.name), { strict: false }).close();
    if (connection !== undefined) return new TestRedis(connection, prefix, async () => {}, closeClient);
    const { url, close } = await launchRedis(options.launch);
    return new TestRedis(url, prefix, close, closeClient);
  }

  // Nest does not promise that the instance is closed by now: workers have stopped, but its client may still be open.
  async onApplicationShutdown(): Promise<void> {
    try {
      await this.closeClient();
      await deleteKeys(this.connection, this.prefix);
    } finally {
      await this.closeServer();
    }
  }
}
