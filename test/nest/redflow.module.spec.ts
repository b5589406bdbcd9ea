import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  ConfigurationError,
  getRedflowClientToken,
  InjectRedflow,
  RedflowClient,
  RedflowModule,
  Workflow,
  type RedflowModuleOptions,
  type RedflowOptionsFactory,
} from '@redflow/nestjs';
import { outputOf, SILENT, useNest } from './nest-apps.js';

@Workflow({ name: 'greet' })
class GreetWorkflow {
  async run(_ctx: unknown, input: { name: string }): Promise<string> {
    return `hello ${input.name}`;
  }
}

describe('RedflowModule', () => {
  const nest = useNest();

  it('forRoot: runs the workflows among the providers, and injects the client everywhere', async () => {
    @Injectable()
    class Orders {
      constructor(
        readonly byClass: RedflowClient,
        @InjectRedflow() readonly byDecorator: RedflowClient,
      ) {}
    }
    @Module({ providers: [Orders], exports: [Orders] })
    class OrdersModule {}
    const app = await nest.start({ imports: [nest.redflow(), OrdersModule], providers: [GreetWorkflow] });
    const { byClass, byDecorator } = app.get(Orders);
    expect(byClass).toBe(byDecorator);
    const handle = await byClass.run(GreetWorkflow, { name: 'Ada' });
    await expect(handle.result()).resolves.toBe('hello Ada');
  });

  describe('forRootAsync', () => {
    @Module({ providers: [{ provide: 'app-name', useValue: 'test' }], exports: ['app-name'] })
    class ConfigModule {}

    const options = (app: string): RedflowModuleOptions => ({ app, logger: SILENT, ...nest.redis.options });

    @Injectable()
    class RedflowConfig implements RedflowOptionsFactory {
      constructor(@Inject('app-name') private readonly app: string) {}
      async createRedflowOptions(): Promise<RedflowModuleOptions> {
        return options(this.app);
      }
    }
    @Module({ imports: [ConfigModule], providers: [RedflowConfig], exports: [RedflowConfig] })
    class RedflowConfigModule {}

    it.each([
      [
        'useFactory',
        { imports: [ConfigModule], inject: ['app-name'], useFactory: async (app: string) => options(app) },
      ],
      ['useClass', { imports: [ConfigModule], useClass: RedflowConfig }],
      ['useExisting', { imports: [RedflowConfigModule], useExisting: RedflowConfig }],
    ])('%s', async (_form, asyncOptions) => {
      const app = await nest.start({ imports: [RedflowModule.forRootAsync(asyncOptions)], providers: [GreetWorkflow] });
      await expect(outputOf(app, GreetWorkflow, { name: 'Ada' })).resolves.toBe('hello Ada');
      await expect(app.get(RedflowClient).getWorkflow('greet')).resolves.toMatchObject({ app: 'test' });
    });

    it.each([
      ['none', {}],
      ['two', { useFactory: () => options('test'), useClass: RedflowConfig }],
    ])('refuses %s of the forms', async (_count, asyncOptions) => {
      const start = nest.start({ imports: [RedflowModule.forRootAsync(asyncOptions)] });
      await expect(start).rejects.toThrow(/forRootAsync: needs exactly one of useFactory, useClass and useExisting/);
    });
  });

  describe('bad options fail at bootstrap with an error that names the option', () => {
    const BAD: [string, Record<string, unknown>][] = [
      ['app', { app: undefined }],
      ['app', { app: '' }],
      ['app', { app: '  \t' }],
      ['app', { app: 7 }],
      ['prefix', { prefix: '' }],
      ['prefix', { prefix: 'a{b}' }],
      ['worker', { worker: true }],
      ['worker', { worker: 'yes' }],
      ['worker.concurrency', { worker: { concurrency: 0 } }],
      ['worker.concurrency', { worker: { concurrency: '20' } }],
      ['worker.drainTimeoutMs', { worker: { drainTimeoutMs: -1 } }],
      ['worker.queues[0]', { worker: { queues: [1] } }],
      ['worker.runtime.leaseMs', { worker: { runtime: { leaseMs: 99 } } }],
      ['worker.runtime.reaperIntervalMs', { worker: { runtime: { reaperIntervalMs: 0 } } }],
      ['worker.runtime.maxRecoveries', { worker: { runtime: { maxRecoveries: -1 } } }],
      ['globalEnhancers', { globalEnhancers: 'yes' }],
      ['logger', { logger: { log() {} } }],
      ['name', { name: ' ' }],
      ['retention.failed.ageMs', { retention: { failed: { ageMs: -1 } } }],
      ['limits.payloadBytes', { limits: { payloadBytes: 0 } }],
    ];

    it.each(BAD)('forRoot, %s: %j', async (option, bad) => {
      const start = nest.start({ imports: [nest.redflow(bad)] });
      const error = await start.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({ option });
      expect((error as Error).message).toContain(option);
    });

    it.each(BAD)('forRootAsync, %s: %j', async (option, { name, ...bad }) => {
      const useFactory = () => ({ app: 'test', ...nest.redis.options, ...bad }) as RedflowModuleOptions;
      const start = nest.start({ imports: [RedflowModule.forRootAsync({ name: name as string, useFactory })] });
      await expect(start).rejects.toMatchObject({ name: 'ConfigurationError', option });
    });

    it('no options at all', async () => {
      await expect(nest.start({ imports: [RedflowModule.forRoot(undefined as never)] })).rejects.toThrow(
        /^app: is required/,
      );
      const useFactory = () => undefined as never;
      await expect(nest.start({ imports: [RedflowModule.forRootAsync({ useFactory })] })).rejects.toThrow(
        /options must be an object/,
      );
    });
  });

  it('with isGlobal: false, gives its client only to modules that import it', async () => {
    @Injectable()
    class Stranger {
      constructor(readonly redflow: RedflowClient) {}
    }
    @Module({ providers: [Stranger] })
    class StrangerModule {}
    const imports = [nest.redflow({ isGlobal: false }), StrangerModule];
    await expect(Test.createTestingModule({ imports }).setLogger(SILENT).compile()).rejects.toThrow(/RedflowClient/);
  });

  describe('named instances', () => {
    @Workflow({ name: 'report', instance: 'reports' })
    class ReportWorkflow {
      async run(): Promise<string> {
        return 'report';
      }
    }

    it('run side by side, each with its workflows, its prefix and its client', async () => {
      @Injectable()
      class Service {
        constructor(
          readonly main: RedflowClient,
          @InjectRedflow('reports') readonly reports: RedflowClient,
        ) {}
      }
      const prefix = `${nest.redis.prefix}-reports`;
      const app = await nest.start({
        imports: [nest.redflow(), nest.redflow({ name: 'reports', prefix })],
        providers: [Service, GreetWorkflow, ReportWorkflow],
      });
      const { main, reports } = app.get(Service);
      expect(app.get(getRedflowClientToken('reports'))).toBe(reports);
      await expect((await main.run(GreetWorkflow, { name: 'Ada' })).result()).resolves.toBe('hello Ada');
      await expect((await reports.run(ReportWorkflow, undefined)).result()).resolves.toBe('report');
      expect((await main.listWorkflows()).map(({ name }) => name)).toEqual(['greet']);
      expect((await reports.listWorkflows()).map(({ name }) => name)).toEqual(['report']);
      await nest.redis.commands.unlink(...(await nest.redis.commands.keys(`*${prefix}*`)));
    });

    it('must be there for every workflow, and only once', async () => {
      await expect(nest.start({ providers: [ReportWorkflow] })).rejects.toThrow(
        /workflow class ReportWorkflow: instance: belongs to an unknown instance "reports"/,
      );
      await expect(
        nest.start({ imports: [nest.redflow({ name: 'reports' })], providers: [GreetWorkflow] }),
      ).rejects.toThrow(/workflow class GreetWorkflow: instance: .*unnamed/);
      await expect(nest.start({ imports: [nest.redflow(), nest.redflow({ app: 'other' })] })).rejects.toThrow(
        /^name: two RedflowModules without a name are imported/,
      );
    });
  });
});
