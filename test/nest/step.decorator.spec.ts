import { SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Step, Workflow } from '@redflow/nestjs';
import { begin, outputOf, useNest } from './nest-apps.js';

const calls: string[] = [];

@Workflow({ name: 'steps' })
class StepsWorkflow {
  constructor(private readonly prefix = 'plain') {}

  async run(): Promise<unknown> {
    const first = await this.charge('order-7', 2);
    const second = await this.charge('order-8', 3);
    return [first, second, await this.renamed(), await this.outer()];
  }

  @Step({ key: (orderId: string) => orderId })
  async charge(orderId: string, amount: number): Promise<string> {
    calls.push(orderId);
    return `${this.prefix} ${orderId} ${amount}`;
  }

  @Step({ name: 'another name' })
  async renamed(): Promise<string> {
    return 'renamed';
  }

  @Step()
  async outer(): Promise<string> {
    return `outer of ${await this.inner()}`;
  }

  @Step()
  async inner(): Promise<string> {
    return 'inner';
  }
}

beforeEach(() => void calls.splice(0));

describe('a @Step method outside of any run', () => {
  it('is the plain method, so that a workflow class is tested with `new`', async () => {
    const workflow = new StepsWorkflow('unit');
    await expect(workflow.charge('order-1', 5)).resolves.toBe('unit order-1 5');
    await expect(workflow.charge('order-1', 5)).resolves.toBe('unit order-1 5');
    await expect(workflow.run()).resolves.toEqual(['unit order-7 2', 'unit order-8 3', 'renamed', 'outer of inner']);
    expect(calls).toEqual(['order-1', 'order-1', 'order-7', 'order-8']);
  });

  it('keeps name, length and metadata of the method', () => {
    const LABEL = 'label';
    class Labelled {
      @SetMetadata('above', 'a')
      @Step()
      @SetMetadata(LABEL, 'kept')
      async pay(_id: string, _amount: number): Promise<void> {}
    }
    const pay = Object.getOwnPropertyDescriptor(Labelled.prototype, 'pay')?.value as () => Promise<void>;
    expect([pay.name, pay.length]).toEqual(['pay', 2]);
    expect(new Reflector().get(LABEL, pay)).toBe('kept');
    expect(new Reflector().get('above', pay)).toBe('a');
  });
});

describe('a @Step method in a run', () => {
  const nest = useNest();

  it('is a durable step, named after the method, its name option and its key', async () => {
    const app = await nest.start({
      providers: [{ provide: StepsWorkflow, useFactory: () => new StepsWorkflow('durable') }],
    });
    const { redflow, handle } = await begin(app, StepsWorkflow);
    await expect(handle.result()).resolves.toEqual([
      'durable order-7 2',
      'durable order-8 3',
      'renamed',
      'outer of inner',
    ]);
    const steps = await redflow.getRunSteps(handle.id);
    expect(steps.map(({ name, output }) => [name, output])).toEqual([
      ['charge:order-7', 'durable order-7 2'],
      ['charge:order-8', 'durable order-8 3'],
      ['another name', 'renamed'],
      ['outer', 'outer of inner'],
    ]);
  });

  it('rejects where its key throws, and where it is called twice without a key', async () => {
    @Workflow()
    class Careless {
      async run(): Promise<string[]> {
        await this.once();
        const errors = await Promise.allSettled([this.once(), this.keyed()]);
        return errors.map((outcome) =>
          outcome.status === 'rejected' ? (outcome.reason as Error).message : 'fulfilled',
        );
      }
      @Step()
      async once(): Promise<void> {}
      @Step({
        key: () => {
          throw new Error('no key');
        },
      })
      async keyed(): Promise<void> {}
    }
    const app = await nest.start({ providers: [Careless] });
    await expect(outputOf(app, Careless)).resolves.toEqual([
      expect.stringContaining('"once" was called twice'),
      'no key',
    ]);
  });

  it('is the plain method on another instance than that of the run', async () => {
    @Workflow()
    class Visitor {
      async run(): Promise<string> {
        return new StepsWorkflow('stranger').inner();
      }
    }
    const app = await nest.start({ providers: [Visitor] });
    const { redflow, handle } = await begin(app, Visitor);
    await expect(handle.result()).resolves.toBe('inner');
    await expect(redflow.getRunSteps(handle.id)).resolves.toEqual([]);
  });

  it.each([
    ['on run', { method: 'run', options: {} }, '@Step cannot decorate run'],
    ['a time-out that is none', { method: 'pay', options: { timeoutMs: -1 } }, '@Step pay: timeoutMs'],
    [
      'attempts that are none',
      { method: 'pay', options: { retries: { maxAttempts: 0 } } },
      '@Step pay: retries.maxAttempts',
    ],
  ])('is checked at bootstrap: %s', async (_what, { method, options }, problem) => {
    class WrongStep {
      async run(): Promise<void> {}
      async pay(): Promise<void> {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(WrongStep.prototype, method);
    Step(options)(WrongStep.prototype, method, descriptor as TypedPropertyDescriptor<() => Promise<void>>);
    Workflow()(WrongStep);
    const error = await nest.start({ providers: [WrongStep] }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: 'ConfigurationError' });
    expect((error as Error).message).toMatch(/^workflow class WrongStep: /);
    expect((error as Error).message).toContain(problem);
  });
});
