import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedflowClient, RedflowModule, Workflow, type Logger, type WorkflowContext } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { begin, outputOf, SILENT, useNest } from './nest-apps.js';

/** Lets the runs of a test wait until the test goes on. */
class Gate {
  static entered = 0;
  static #open: () => void = () => undefined;
  static #opened: Promise<void> = Promise.resolve();
  static close(): void {
    Gate.entered = 0;
    Gate.#opened = new Promise((resolve) => (Gate.#open = resolve));
  }
  static open(): void {
    Gate.#open();
  }
  static pass(): Promise<void> {
    Gate.entered++;
    return Gate.#opened;
  }
}

@Workflow({ name: 'gated', maxConcurrency: 10 })
class GatedWorkflow {
  async run(_ctx: WorkflowContext, input: unknown): Promise<unknown> {
    await Gate.pass();
    return input;
  }
}

beforeEach(() => Gate.close());

describe('life of the module in an application', () => {
  const nest = useNest();
  const clients = async (): Promise<number> => {
    const list = (await nest.redis.commands.client('LIST')) as string;
    return list.trim().split('\n').length;
  };

  it('starts workers only when onModuleInit of all providers is done', async () => {
    const events: string[] = [];
    @Injectable()
    class SlowService implements OnModuleInit {
      constructor(private readonly redflow: RedflowClient) {}
      async onModuleInit(): Promise<void> {
        await this.redflow.run(GatedWorkflow, 1);
        events.push((await this.redflow.listRuns()).runs.map(({ status }) => status).join());
        events.push(`entered ${Gate.entered}`);
      }
    }
    await nest.start({ providers: [SlowService, GatedWorkflow] });
    await eventually(() => Gate.entered === 1);
    Gate.open();
    expect(events).toEqual(['queued', 'entered 0']);
  });

  it('drains on close: takes nothing new and lets what runs finish', async () => {
    const app = await nest.start({
      imports: [nest.redflow({ worker: { concurrency: 1 } })],
      providers: [GatedWorkflow],
    });
    const { redflow, handle } = await begin(app, GatedWorkflow, 'first');
    const waiting = await redflow.run(GatedWorkflow, 'second');
    await eventually(() => Gate.entered === 1);
    const closed = app.close();
    Gate.open();
    await closed;

    const observer = await nest.start({ imports: [nest.redflow({ worker: false })], providers: [GatedWorkflow] });
    const states = [handle, waiting].map(({ id }) => observer.get(RedflowClient).getRun(id));
    await expect(Promise.all(states)).resolves.toMatchObject([
      { status: 'succeeded', output: 'first' },
      { status: 'queued' },
    ]);
  });

  it('hands back what does not finish within drainTimeoutMs, and another process runs it', async () => {
    const app = await nest.start({
      imports: [nest.redflow({ worker: { drainTimeoutMs: 50 } })],
      providers: [GatedWorkflow],
    });
    const { handle } = await begin(app, GatedWorkflow, 'handed back');
    await eventually(() => Gate.entered === 1);
    await app.close();
    Gate.open();
    const successor = await nest.start({ providers: [GatedWorkflow] });
    const output = await successor.get(RedflowClient).getHandle(handle.id).result({ timeoutMs: 10_000 });
    expect(output).toBe('handed back');
    await expect(successor.get(RedflowClient).getRun(handle.id)).resolves.toMatchObject({ attempt: 1 });
  });

  it('the client works in onApplicationBootstrap and, until drained, in beforeApplicationShutdown', async () => {
    const runs: string[] = [];
    @Injectable()
    class Service implements OnApplicationBootstrap {
      constructor(private readonly redflow: RedflowClient) {}
      async onApplicationBootstrap(): Promise<void> {
        runs.push((await this.redflow.run(GatedWorkflow, 1)).id);
      }
      async beforeApplicationShutdown(): Promise<void> {
        runs.push((await this.redflow.run(GatedWorkflow, 2)).id);
      }
    }
    const app = await nest.start({ providers: [Service, GatedWorkflow] });
    Gate.open();
    await app.close();
    expect(runs).toHaveLength(2);
  });

  it('closes every connection that it opened, and may be closed twice', async () => {
    const before = await clients();
    const app = await nest.start({ imports: [nest.redflow()], providers: [GatedWorkflow] });
    Gate.open();
    await outputOf(app, GatedWorkflow, 1);
    expect(await clients()).toBeGreaterThan(before);
    await app.close();
    await app.close();
    await eventually(async () => (await clients()) === before);
  });

  it('leaves a connection alone that was given to it', async () => {
    const connection = new Redis(nest.redis.url);
    try {
      const app = await nest.start({ imports: [nest.redflow({ connection })], providers: [GatedWorkflow] });
      Gate.open();
      await expect(outputOf(app, GatedWorkflow, 'shared')).resolves.toBe('shared');
      await app.close();
      await expect(connection.ping()).resolves.toBe('PONG');
    } finally {
      await connection.quit();
    }
  });

  it('fails at bootstrap, and leaves nothing open, when Redis cannot be reached', async () => {
    const options = {
      app: 'test',
      logger: SILENT,
      connection: { port: 1, connectTimeout: 200, maxRetriesPerRequest: 0, retryStrategy: () => null },
    };
    const start = nest.start({ imports: [RedflowModule.forRoot(options)], providers: [GatedWorkflow] });
    await expect(start).rejects.toMatchObject({ name: 'ConnectionError' });
  });

  it('worker: false starts runs by class and executes none', async () => {
    const producer = await nest.start({ imports: [nest.redflow({ worker: false })], providers: [GatedWorkflow] });
    const { redflow, handle } = await begin(producer, GatedWorkflow, 'later');
    await expect(redflow.listWorkflows()).resolves.toEqual([]);
    await expect(handle.state()).resolves.toMatchObject({ status: 'queued', queue: 'default' });
    await nest.start({ providers: [GatedWorkflow] });
    Gate.open();
    await expect(handle.result({ timeoutMs: 10_000 })).resolves.toBe('later');
  });

  it('a class that is no provider of this process can be started all the same', async () => {
    const producer = await nest.start({ imports: [nest.redflow({ worker: false })] });
    const { handle } = await begin(producer, GatedWorkflow, 'elsewhere');
    await nest.start({ providers: [GatedWorkflow] });
    Gate.open();
    await expect(handle.result({ timeoutMs: 10_000 })).resolves.toBe('elsewhere');
  });

  it('several applications live in one process', async () => {
    Gate.open();
    const one = await nest.start({ imports: [nest.redflow({ app: 'one' })], providers: [GatedWorkflow] });
    const other = { prefix: `${nest.redis.prefix}-two`, app: 'two' };
    const two = await nest.start({ imports: [nest.redflow(other)], providers: [GatedWorkflow] });
    await expect(Promise.all([outputOf(one, GatedWorkflow, 1), outputOf(two, GatedWorkflow, 2)])).resolves.toEqual([
      1, 2,
    ]);
    await one.close();
    await expect(outputOf(two, GatedWorkflow, 3)).resolves.toBe(3);
    await expect(two.get(RedflowClient).listRuns()).resolves.toMatchObject({ runs: [{ input: 3 }, { input: 2 }] });
    await two.close();
    await nest.redis.commands.unlink(...(await nest.redis.commands.keys(`*${other.prefix}*`)));
  });

  it('gives runs the logger of the module', async () => {
    const logger = { ...SILENT, warn: jest.fn<Logger['warn']>() };
    @Workflow()
    class Talking {
      async run(ctx: WorkflowContext): Promise<void> {
        ctx.logger.warn('from the run');
      }
    }
    const app = await nest.start({ imports: [nest.redflow({ logger })], providers: [Talking] });
    await outputOf(app, Talking);
    expect(logger.warn).toHaveBeenCalledWith('from the run');
  });

  it('uses the logger of Nest by default', async () => {
    const logger = { log: jest.fn(), error: jest.fn(), warn: jest.fn() };
    @Workflow()
    class Talking {
      async run(ctx: WorkflowContext): Promise<void> {
        ctx.logger.warn('from the run');
      }
    }
    const app = await nest.start({ imports: [nest.redflow({ logger: undefined })], providers: [Talking] }, (builder) =>
      builder.setLogger(logger),
    );
    await outputOf(app, Talking);
    expect(logger.warn).toHaveBeenCalledWith('from the run', 'Redflow');
  });

  it('is still there for onApplicationShutdown of providers that are closed before it', async () => {
    const states: unknown[] = [];
    @Injectable()
    class Auditor implements OnApplicationShutdown {
      constructor(private readonly redflow: RedflowClient) {}
      async onApplicationShutdown(): Promise<void> {
        states.push((await this.redflow.listRuns()).runs.length);
      }
    }
    const app = await nest.start({ providers: [Auditor, GatedWorkflow] });
    Gate.open();
    await outputOf(app, GatedWorkflow, 1);
    await app.close();
    expect(states).toEqual([1]);
  });
});
