import { Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { RedflowModule } from '../../nest/redflow.module.js';
import type { RedflowInstanceOptions, RedflowModuleOptions } from '../../nest/redflow.options.js';
import type { LaunchOptions } from '../redis-launcher.js';
import { TestRedis } from './test-redis.js';

/** Everything that `RedflowModule.forRoot` takes, nothing of it required. */
export interface RedflowTestingOptions extends Partial<RedflowModuleOptions>, RedflowInstanceOptions {
  /** How a Redis is brought where no `connection` is given. */
  readonly launch?: LaunchOptions;
}

const DEFAULT_APP = 'test';

/**
 * `RedflowModule` for tests: import it in its place.
 *
 * Without `connection`, {@link launchRedis} finds or brings a Redis; without `prefix`, the module gets one of its own,
 * so tests that run at the same time on one Redis do not meet. `app.close()` stops the worker, deletes the keys of
 * the prefix, and stops the Redis if it was brought.
 */
@Module({})
export class RedflowTestingModule {
  static forRoot(options: RedflowTestingOptions = {}): DynamicModule {
    const { name, isGlobal, launch, connection, prefix, ...moduleOptions } = options;
    const testRedis: FactoryProvider<TestRedis> = {
      provide: TestRedis,
      useFactory: (moduleRef: ModuleRef) => TestRedis.open({ name, connection, prefix, launch }, moduleRef),
      inject: [ModuleRef],
    };
    const redflow = RedflowModule.forRootAsync({
      name,
      isGlobal,
      imports: [{ module: RedflowTestRedisModule, providers: [testRedis], exports: [TestRedis] }],
      useFactory: (redis: TestRedis) => ({
        app: DEFAULT_APP,
        ...moduleOptions,
        connection: redis.connection,
        prefix: redis.prefix,
      }),
      inject: [TestRedis],
    });
    return { module: RedflowTestingModule, imports: [redflow], exports: [redflow] };
  }
}

@Module({})
class RedflowTestRedisModule {}
