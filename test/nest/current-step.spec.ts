import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { currentStep, RedflowClient, RedflowModule, Step, Workflow, type WorkflowContext } from '../../lib/index.js';
import { useRedis } from '../support/redis.js';

@Injectable()
class Payments {
  /** What a payment provider would be sent. */
  capture(): { key: string | undefined; fenced: boolean; attempt: number | undefined } {
    const step = currentStep();
    return { key: step?.idempotencyKey, fenced: Boolean(step?.fence), attempt: step?.attempt };
  }
}

@Workflow({ name: 'order' })
class OrderWorkflow {
  constructor(private readonly payments: Payments) {}

  async run(ctx: WorkflowContext<null>) {
    return { outside: currentStep() === undefined, charge: await this.charge(), id: ctx.run.id };
  }

  @Step()
  async charge() {
    return this.payments.capture();
  }
}

describe('currentStep', () => {
  const redis = useRedis();

  it('gives what a step is called with to @Step methods and to the services that they call', async () => {
    const app = await Test.createTestingModule({
      imports: [RedflowModule.forRoot({ app: 'shop', ...redis.options, serverChecks: false })],
      providers: [Payments, OrderWorkflow],
    }).compile();
    await app.init();
    const handle = await app.get(RedflowClient).run(OrderWorkflow, null);
    await expect(handle.result({ timeoutMs: 10_000 })).resolves.toEqual({
      outside: true,
      charge: { key: `${handle.id}/charge`, fenced: true, attempt: 1 },
      id: handle.id,
    });
    await app.close();
  });

  it('is undefined outside a run, where the method is the plain one', async () => {
    await expect(new OrderWorkflow(new Payments()).charge()).resolves.toEqual({ fenced: false });
  });
});
