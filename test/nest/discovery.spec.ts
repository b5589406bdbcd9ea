import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { OnFailure, RedflowClient, Workflow, type WorkflowContext } from '@redflow/nestjs';
import { outputOf, useNest } from './nest-apps.js';

@Injectable()
class Payments {
  charge(orderId: string): string {
    return `charged ${orderId}`;
  }
}

@Workflow({ name: 'order' })
class OrderWorkflow {
  constructor(private readonly payments: Payments) {}

  async run(_ctx: WorkflowContext, input: { orderId: string }): Promise<string> {
    return this.payments.charge(input.orderId);
  }
}

const ORDER = { orderId: 'o1' };

describe('discovery', () => {
  const nest = useNest();

  it('finds a workflow in any module and injects its dependencies', async () => {
    @Module({ providers: [Payments, OrderWorkflow] })
    class OrdersModule {}
    @Module({ imports: [OrdersModule] })
    class FeatureModule {}
    const app = await nest.start({ imports: [nest.redflow(), FeatureModule] });
    await expect(outputOf(app, OrderWorkflow, ORDER)).resolves.toBe('charged o1');
  });

  it('names a workflow after its class by default', async () => {
    @Workflow()
    class Nameless {
      async run(): Promise<string> {
        return 'found';
      }
    }
    const app = await nest.start({ providers: [Nameless] });
    const handle = await app.get(RedflowClient).runByName('Nameless', null);
    await expect(handle.result()).resolves.toBe('found');
  });

  it('finds workflows of dynamic modules', async () => {
    @Module({})
    class FeatureModule {
      static register(): DynamicModule {
        return { module: FeatureModule, providers: [Payments, OrderWorkflow] };
      }
    }
    const app = await nest.start({ imports: [FeatureModule.register(), nest.redflow()] });
    await expect(outputOf(app, OrderWorkflow, ORDER)).resolves.toBe('charged o1');
  });

  it.each([
    ['useClass', { provide: 'order-workflow', useClass: OrderWorkflow }],
    [
      'useFactory',
      { provide: 'order-workflow', useFactory: (p: Payments) => new OrderWorkflow(p), inject: [Payments] },
    ],
    ['useValue', { provide: 'order-workflow', useValue: new OrderWorkflow(new Payments()) }],
  ])('finds a workflow behind %s', async (_form, provider) => {
    const app = await nest.start({ providers: [Payments, provider] });
    await expect(outputOf(app, OrderWorkflow, ORDER)).resolves.toBe('charged o1');
  });

  it('counts an alias (useExisting) once', async () => {
    const alias = { provide: 'alias', useExisting: OrderWorkflow };
    const app = await nest.start({ providers: [Payments, OrderWorkflow, alias] });
    await expect(outputOf(app, OrderWorkflow, ORDER)).resolves.toBe('charged o1');
  });

  it('runs what a test puts in the place of a workflow', async () => {
    const standIn = { run: async () => 'stand-in' };
    const app = await nest.start({ providers: [Payments, OrderWorkflow] }, (builder) =>
      builder.overrideProvider(OrderWorkflow).useValue(standIn),
    );
    await expect(outputOf(app, OrderWorkflow, ORDER)).resolves.toBe('stand-in');
  });

  describe('a subclass of a workflow', () => {
    class Rebranded extends OrderWorkflow {
      override async run(ctx: WorkflowContext, input: { orderId: string }): Promise<string> {
        return `${await super.run(ctx, input)}, rebranded`;
      }
    }
    @Workflow()
    class OwnWorkflow extends OrderWorkflow {}

    it('that is not decorated runs in the place of its parent', async () => {
      const app = await nest.start({ providers: [Payments, Rebranded] });
      await expect(outputOf(app, OrderWorkflow, ORDER)).resolves.toBe('charged o1, rebranded');
      await expect(outputOf(app, Rebranded, ORDER)).resolves.toBe('charged o1, rebranded');
    });

    it('that is not decorated cannot stand beside its parent', async () => {
      await expect(nest.start({ providers: [Payments, OrderWorkflow, Rebranded] })).rejects.toThrow(
        /two workflows are named "order": OrderWorkflow \(\w+\) and Rebranded \(\w+\)/,
      );
    });

    it('that is decorated is a workflow of its own', async () => {
      const app = await nest.start({ providers: [Payments, OrderWorkflow, OwnWorkflow] });
      await expect(outputOf(app, OwnWorkflow, ORDER)).resolves.toBe('charged o1');
      const workflows = await app.get(RedflowClient).listWorkflows();
      expect(workflows.map(({ name }) => name).sort()).toEqual(['OwnWorkflow', 'order']);
    });
  });

  it('finds workflows of lazily loaded modules, on served queues and on new ones', async () => {
    @Workflow()
    class LazyWorkflow {
      async run(): Promise<string> {
        return 'lazy';
      }
    }
    @Workflow({ queue: 'lazy' })
    class LazyQueueWorkflow {
      constructor(private readonly payments: Payments) {}
      async run(): Promise<string> {
        return this.payments.charge('lazily');
      }
    }
    @Module({ providers: [Payments, LazyWorkflow, LazyQueueWorkflow] })
    class LazyModule {}

    const app = await nest.start({ providers: [Payments, OrderWorkflow] });
    await app.get(LazyModuleLoader).load(() => LazyModule);
    await expect(outputOf(app, LazyWorkflow)).resolves.toBe('lazy');
    await expect(outputOf(app, LazyQueueWorkflow)).resolves.toBe('charged lazily');
    await expect(outputOf(app, OrderWorkflow, ORDER)).resolves.toBe('charged o1');
  });

  it('finds workflows of a lazily loaded module where there was none before', async () => {
    @Module({ providers: [Payments, OrderWorkflow] })
    class LazyModule {}
    const app = await nest.start({});
    await app.get(LazyModuleLoader).load(() => LazyModule);
    await expect(outputOf(app, OrderWorkflow, ORDER)).resolves.toBe('charged o1');
  });

  describe('errors at bootstrap name the class', () => {
    const withoutRun = (): object => {
      @Workflow()
      class WithoutRun {}
      return WithoutRun;
    };
    const badCron = (): object => {
      @Workflow({ cron: [{ expression: 'every day' }] })
      class BadCron {
        async run(): Promise<void> {}
      }
      return BadCron;
    };
    const badConcurrency = (): object => {
      @Workflow({ maxConcurrency: 0 })
      class BadConcurrency {
        async run(): Promise<void> {}
      }
      return BadConcurrency;
    };
    const twoHandlers = (): object => {
      @Workflow()
      class TwoHandlers {
        async run(): Promise<void> {}
        @OnFailure() one(): void {}
        @OnFailure() two(): void {}
      }
      return TwoHandlers;
    };

    it.each([
      [withoutRun, /workflow class WithoutRun: has no method run/],
      [badCron, /workflow class BadCron: .*cron\.expression: "every day"/],
      [badConcurrency, /workflow class BadConcurrency: .*maxConcurrency/],
      [twoHandlers, /workflow class TwoHandlers: .*one and two/],
    ])('%p', async (declare, message) => {
      const error = await nest.start({ providers: [declare() as never] }).catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ name: 'ConfigurationError' });
      expect((error as Error).message).toMatch(message);
    });

    it('two workflows of one name, and one workflow in two modules', async () => {
      @Workflow({ name: 'order' })
      class Usurper {
        async run(): Promise<void> {}
      }
      await expect(nest.start({ providers: [Payments, OrderWorkflow, Usurper] })).rejects.toThrow(
        /two workflows are named "order": OrderWorkflow .* and Usurper/,
      );
      @Module({ providers: [Payments, OrderWorkflow] })
      class OrdersModule {}
      await expect(
        nest.start({ imports: [nest.redflow(), OrdersModule], providers: [Payments, OrderWorkflow] }),
      ).rejects.toThrow(
        /two workflows are named "order": OrderWorkflow .* and OrderWorkflow \(OrdersModule\)|two workflows are named "order": OrderWorkflow \(OrdersModule\) and/,
      );
    });
  });
});
