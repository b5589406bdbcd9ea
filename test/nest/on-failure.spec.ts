import { Injectable } from '@nestjs/common';
import { OnFailure, RedflowClient, Step, Workflow, type WorkflowContext, type WorkflowFailure } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { begin, useNest } from './nest-apps.js';

const failures: WorkflowFailure[] = [];
const undone: string[] = [];
beforeEach(() => {
  failures.splice(0);
  undone.splice(0);
});

@Injectable()
class Payments {
  refund(orderId: string): string {
    undone.push(orderId);
    return `refunded ${orderId}`;
  }
}

@Workflow({ name: 'failing', retries: { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 1 } } })
class FailingWorkflow {
  constructor(private readonly payments: Payments) {}

  async run(ctx: WorkflowContext, input: { orderId: string; hang?: boolean }): Promise<void> {
    if (input.hang)
      await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(new Error('stopped'))));
    throw new RangeError(`attempt ${ctx.run.attempt}`);
  }

  @OnFailure()
  async compensate(failure: WorkflowFailure<{ orderId: string }>): Promise<void> {
    failures.push(failure);
    await this.refund(failure.input.orderId);
  }

  @Step({ key: (orderId: string) => orderId })
  async refund(orderId: string): Promise<string> {
    return this.payments.refund(orderId);
  }
}

describe('@OnFailure', () => {
  const nest = useNest();

  it('is called once after the last attempt, on the instance, and its @Step methods are durable', async () => {
    const app = await nest.start({ providers: [Payments, FailingWorkflow] });
    const { redflow, handle } = await begin(app, FailingWorkflow, { orderId: 'o1' });
    await expect(handle.result()).rejects.toMatchObject({ error: { message: 'attempt 2' } });
    await eventually(() => undone.length > 0);
    expect(undone).toEqual(['o1']);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({
      error: { name: 'RangeError', message: 'attempt 2' },
      input: { orderId: 'o1' },
      run: { id: handle.id, workflow: 'failing', attempt: 2, maxAttempts: 2 },
    });
    const steps = await redflow.getRunSteps(handle.id);
    expect(steps).toMatchObject([{ name: 'refund:o1', status: 'succeeded', output: 'refunded o1' }]);
  });

  it('is not called for a run that was canceled', async () => {
    const app = await nest.start({ providers: [Payments, FailingWorkflow] });
    const { redflow, handle } = await begin(app, FailingWorkflow, { orderId: 'o1', hang: true });
    await eventually(async () => (await handle.state()).status === 'running');
    await redflow.cancelRun(handle.id);
    await expect(handle.result()).rejects.toMatchObject({ name: 'RunCanceledError' });
    expect(failures).toEqual([]);
  });

  it('counts in a subclass that overrides the method without the decorator', async () => {
    class Careful extends FailingWorkflow {
      override async compensate(failure: WorkflowFailure<{ orderId: string }>): Promise<void> {
        await super.compensate(failure);
        undone.push('and more');
      }
    }
    const app = await nest.start({ providers: [Payments, { provide: FailingWorkflow, useClass: Careful }] });
    const handle = await app.get(RedflowClient).run(FailingWorkflow, { orderId: 'o2' });
    await expect(handle.result()).rejects.toThrow('attempt 2');
    await eventually(() => undone.length === 2);
    expect(undone).toEqual(['o2', 'and more']);
  });
});
