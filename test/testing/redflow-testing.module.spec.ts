import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getRedflowClientToken, RedflowClient, Workflow, type WorkflowContext } from '@redflow/nestjs';
import { awaitRun, RedflowTestingModule } from '@redflow/nestjs/testing';
import { keysOf, useRedis } from '../support/redis.js';
import { LabelWorkflow, OrderWorkflow, Payments } from './order.workflow.js';

@Injectable()
class Orders {
  constructor(@Inject(RedflowClient) private readonly redflow: RedflowClient) {}

  place(orderId: string) {
    return this.redflow.run(OrderWorkflow, { orderId, items: 1 });
  }
}

@Module({
  imports: [],
  providers: [Orders, LabelWorkflow, { provide: OrderWorkflow, useFactory: () => new OrderWorkflow(new Payments()) }],
  exports: [Orders],
})
class OrdersModule {}

describe('RedflowTestingModule', () => {
  const redis = useRedis();

  it('runs the workflows of an application under a prefix, and deletes its keys on close', async () => {
    const app = await Test.createTestingModule({
      imports: [OrdersModule, RedflowTestingModule.forRoot({ connection: redis.url, prefix: redis.prefix })],
    }).compile();
    await app.init();
    try {
      const run = await awaitRun(app.get(RedflowClient), await app.get(Orders, { strict: false }).place('o-1'));
      expect(run).toMatchObject({ status: 'succeeded', output: { charge: 'charge-of-o-1', label: 'label-of-o-1' } });
      expect(await keysOf(redis.commands, redis.prefix)).not.toEqual([]);
    } finally {
      await app.close();
    }
    expect(await keysOf(redis.commands, redis.prefix)).toEqual([]);
  });

  it('keeps applications on one Redis apart', async () => {
    const start = async () => {
      const imports = [OrdersModule, RedflowTestingModule.forRoot({ connection: redis.url, worker: false })];
      return (await Test.createTestingModule({ imports }).compile()).init();
    };
    const apps = [await start(), await start()];
    try {
      await apps[0]?.get(Orders, { strict: false }).place('o-1');
      const counts = apps.map(async (app) => (await app.get(RedflowClient).listRuns()).runs.length);
      expect(await Promise.all(counts)).toEqual([1, 0]);
    } finally {
      for (const app of apps) await app.close();
    }
  });

  it('brings a Redis of its own, which goes with the application', async () => {
    const app = await Test.createTestingModule({
      imports: [OrdersModule, RedflowTestingModule.forRoot({ launch: { private: true } })],
    }).compile();
    await app.init();
    const run = await awaitRun(app.get(RedflowClient), await app.get(Orders, { strict: false }).place('o-1'));
    expect(run.status).toBe('succeeded');
    await app.close();
  });

  it('serves several named instances', async () => {
    @Workflow({ name: 'echo', instance: 'second' })
    class EchoWorkflow {
      run(_ctx: WorkflowContext, input: string): string {
        return input;
      }
    }
    const app = await Test.createTestingModule({
      imports: [
        RedflowTestingModule.forRoot({ connection: redis.url }),
        RedflowTestingModule.forRoot({ connection: redis.url, name: 'second' }),
      ],
      providers: [EchoWorkflow],
    }).compile();
    await app.init();
    try {
      const second = app.get<RedflowClient>(getRedflowClientToken('second'));
      expect(await awaitRun(second, await second.run(EchoWorkflow, 'hello'))).toMatchObject({ output: 'hello' });
      expect((await app.get(RedflowClient).listRuns()).runs).toEqual([]);
    } finally {
      await app.close();
    }
  });
});
