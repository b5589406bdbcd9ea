import { jest } from '@jest/globals';
import {
  ConfigurationError,
  defineWorkflow,
  NonRetriableError,
  RetryAfterError,
  RunCanceledError,
  ValidationError,
  type WorkflowContext,
} from '@redflow/nestjs';
import { runWorkflow } from '@redflow/nestjs/testing';
import { OrderWorkflow, Payments } from './order.workflow.js';

const order = { orderId: 'o-1', items: 2 };
const children = { label: ({ orderId }: { orderId: string }) => ({ label: `stub-${orderId}` }) };

function fakePayments() {
  const payments = new Payments();
  return {
    payments,
    capture: jest.spyOn(payments, 'capture'),
    refund: jest.spyOn(payments, 'refund'),
  };
}

describe('runWorkflow with an instance', () => {
  it('executes @Step methods, inline steps and children, and gives what comes back from storage', async () => {
    const { payments } = fakePayments();
    const run = await runWorkflow(new OrderWorkflow(payments), order, { children });
    expect(run).toMatchObject({ status: 'succeeded', error: undefined, attempts: 1, executions: 2 });
    expect(run.output).toEqual({
      charge: 'charge-of-o-1',
      stock: { reserved: 2, at: '1970-01-01T00:00:00.000Z' },
      label: 'stub-o-1',
    });
    const steps = run.steps.map(({ name, status, attempts }) => [name, status, attempts]);
    expect(steps).toEqual([
      ['charge', 'succeeded', 1],
      ['reserve-stock', 'succeeded', 1],
      ['label', 'succeeded', 1],
      ['receipt', 'succeeded', 1],
    ]);
  });

  it('executes no step again when it is replayed after each', async () => {
    const { payments, capture } = fakePayments();
    const run = await runWorkflow(new OrderWorkflow(payments), order, { children, replay: 'after-each-step' });
    expect(run).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(run.executions).toBeGreaterThan(3);
    expect(capture).toHaveBeenCalledTimes(1);
  });

  it('asks a factory for a new instance in every execution', async () => {
    const make = jest.fn(() => new OrderWorkflow(new Payments()));
    const run = await runWorkflow(make, order, { children, replay: ['charge'] });
    expect(run).toMatchObject({ status: 'succeeded', executions: 3 });
    expect(make).toHaveBeenCalledTimes(1 + run.executions);
  });

  it('retries without waiting, then runs the @OnFailure method with durable steps', async () => {
    const { payments, capture, refund } = fakePayments();
    capture.mockRejectedValue(new Error('declined'));
    const run = await runWorkflow(new OrderWorkflow(payments), order, { replay: 'after-each-step' });
    expect(run).toMatchObject({ status: 'failed', attempts: 3, error: { name: 'Error', message: 'declined' } });
    expect(capture).toHaveBeenCalledTimes(3);
    expect(refund).toHaveBeenCalledTimes(1);
    expect(run.steps.map(({ name, status }) => `${name} ${status}`)).toEqual(['charge failed', 'refund succeeded']);
  });

  it('succeeds in the attempt that does', async () => {
    const { payments, capture } = fakePayments();
    capture.mockRejectedValueOnce(new Error('busy'));
    const run = await runWorkflow(new OrderWorkflow(payments), order, { children });
    expect(run).toMatchObject({ status: 'succeeded', attempts: 2, error: undefined });
  });

  it('rejects an invalid input before anything runs', async () => {
    const { payments, capture } = fakePayments();
    await expect(runWorkflow(new OrderWorkflow(payments), { orderId: '', items: 1 })).rejects.toThrow(ValidationError);
    expect(capture).not.toHaveBeenCalled();
  });
});

describe('what a replay shows', () => {
  it('code beside the steps that runs again', async () => {
    const sendMail = jest.fn();
    const careless = defineWorkflow('careless', {}, async ({ step }) => {
      await step.run('one', () => 1);
      sendMail();
      await step.run('two', () => 2);
    });
    await runWorkflow(careless, undefined);
    expect(sendMail).toHaveBeenCalledTimes(1);
    await runWorkflow(careless, undefined, { replay: 'after-each-step' });
    expect(sendMail).toHaveBeenCalledTimes(3);
  });

  it('values that a step leaves in variables instead of giving them', async () => {
    const forgetful = defineWorkflow('forgetful', {}, async ({ step }) => {
      let total = 0;
      await step.run('one', () => void (total += 1));
      await step.run('two', () => void (total += 1));
      return total;
    });
    expect((await runWorkflow(forgetful, undefined)).output).toBe(2);
    expect((await runWorkflow(forgetful, undefined, { replay: 1 })).output).toBe(1);
  });

  it('errors of a step that a handler tells apart by class, which a stored error has lost', async () => {
    class Declined extends Error {}
    const byClass = defineWorkflow('by-class', {}, async ({ step }) => {
      const decline = () => step.run('charge', () => Promise.reject(new Declined('no money')));
      const answer = await decline().catch((error: unknown) => (error instanceof Declined ? 'declined' : 'unknown'));
      await step.run('after', () => answer);
      return answer;
    });
    expect((await runWorkflow(byClass, undefined)).output).toBe('declined');
    expect((await runWorkflow(byClass, undefined, { replay: ['after'] })).output).toBe('unknown');
  });

  it('steps whose names change: the run does not end', async () => {
    const random = defineWorkflow('random', {}, ({ step }) => step.run(`step-${Math.random()}`, () => 1));
    await expect(runWorkflow(random, undefined, { replay: 'after-each-step' })).rejects.toThrow(
      /names of its steps change/,
    );
  });
});

describe('replay', () => {
  const three = () =>
    defineWorkflow('three', {}, async ({ step }) => {
      for (const name of ['a', 'b', 'c']) await step.run(name, () => name);
    });

  it.each([
    [undefined, 1],
    [0, 1],
    [2, 3],
    [['b'], 2],
    [['a', 'c'], 3],
    ['after-each-step', 4],
  ] as const)('%j gives %i executions', async (replay, executions) => {
    expect(await runWorkflow(three(), undefined, { replay })).toMatchObject({ status: 'succeeded', executions });
  });

  it('loses no step of several that end together', async () => {
    const bodies = { a: jest.fn(() => 'a'), b: jest.fn(() => 'b'), c: jest.fn(() => 'c') };
    const parallel = defineWorkflow('parallel', {}, ({ step }) =>
      Promise.all(Object.entries(bodies).map(([name, body]) => step.run(name, body))),
    );
    const run = await runWorkflow(parallel, undefined, { replay: 'after-each-step' });
    expect(run).toMatchObject({ status: 'succeeded', output: ['a', 'b', 'c'], executions: 2 });
    for (const body of Object.values(bodies)) expect(body).toHaveBeenCalledTimes(1);
  });

  it('refuses a name that no step had', async () => {
    await expect(runWorkflow(three(), undefined, { replay: ['d'] })).rejects.toThrow('the run has stored no step "d"');
  });

  it.each([-1, 1.5])('refuses %d', async (replay) => {
    await expect(runWorkflow(three(), undefined, { replay })).rejects.toThrow(ConfigurationError);
  });
});

describe('children', () => {
  const parent = defineWorkflow('parent', {}, async ({ step }, input: { timeoutMs?: number }) => {
    const outcome = step.runWorkflow({ name: 'ask', timeoutMs: input.timeoutMs }, 'child', { question: 1 });
    return outcome.catch((error: Error) => `${error.name}: ${error.message}`);
  });

  it('are called once with their input, over all replays', async () => {
    const child = jest.fn(async (_input: { question: number }) => ({ answer: 42 }));
    const run = await runWorkflow(parent, {}, { children: { child }, replay: 3 });
    expect(run).toMatchObject({ status: 'succeeded', output: { answer: 42 } });
    expect(child.mock.calls).toEqual([[{ question: 1 }]]);
  });

  it('fail by throwing, and are canceled by a RunCanceledError', async () => {
    const failing = () => Promise.reject(new NonRetriableError('no label'));
    const failed = await runWorkflow(parent, {}, { children: { child: failing } });
    expect(failed.output).toMatch(/^RunFailedError: .*no label/);
    expect(failed.steps).toMatchObject([{ name: 'ask', status: 'failed' }]);
    const canceling = () => Promise.reject(new RunCanceledError('child-run', 'not today'));
    const canceled = await runWorkflow(parent, {}, { children: { child: canceling } });
    expect(canceled.output).toMatch(/^RunCanceledError: .*not today/);
  });

  it('may take longer than the step waits', async () => {
    const never = () => new Promise<never>(() => undefined);
    const run = await runWorkflow(parent, { timeoutMs: 20 }, { children: { child: never } });
    expect(run.output).toMatch(/^TimeoutError/);
  });

  it('need a stub where they are awaited, though the workflow catches', async () => {
    await expect(runWorkflow(parent, {})).rejects.toThrow('children["child"]: is missing');
  });

  it('need none where they are emitted', async () => {
    const child = jest.fn();
    const emitter = defineWorkflow('emitter', {}, ({ step }) => step.emitWorkflow('tell', 'child', { fact: 1 }));
    expect(await runWorkflow(emitter, undefined)).toMatchObject({ status: 'succeeded', executions: 1 });
    const run = await runWorkflow(emitter, undefined, { children: { child }, replay: 'after-each-step' });
    expect(run).toMatchObject({ status: 'succeeded', output: expect.any(String), executions: 2 });
    expect(child.mock.calls).toEqual([[{ fact: 1 }]]);
  });
});

describe('retries', () => {
  it('of steps do not wait, whatever the back-off or the error says', async () => {
    const body = jest.fn<() => string>().mockImplementationOnce(() => {
      throw new RetryAfterError(3_600_000);
    });
    body.mockImplementationOnce(() => {
      throw new Error('again');
    });
    body.mockReturnValue('done');
    const stubborn = defineWorkflow('stubborn', {}, ({ step }) =>
      step.run({ name: 'try', retries: { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 3_600_000 } } }, body),
    );
    expect(await runWorkflow(stubborn, undefined)).toMatchObject({ status: 'succeeded', output: 'done' });
    expect(body).toHaveBeenCalledTimes(3);
  });

  it('stop at maxAttempts', async () => {
    const failing = defineWorkflow('failing', {}, () => Promise.reject(new Error('no')));
    expect(await runWorkflow(failing, undefined, { maxAttempts: 4 })).toMatchObject({ status: 'failed', attempts: 4 });
  });

  it('are not made for a NonRetriableError', async () => {
    const final = defineWorkflow('final', { retries: { maxAttempts: 5 } }, () =>
      Promise.reject(new NonRetriableError('no')),
    );
    const run = await runWorkflow(final, undefined);
    expect(run).toMatchObject({ status: 'failed', attempts: 1, error: { kind: 'non_retriable' } });
  });
});

describe('types', () => {
  it('are those of the workflow', async () => {
    const run = await runWorkflow(() => new OrderWorkflow(new Payments()), order, { children });
    const label: string | undefined = run.output?.label;
    const reservedAt: string | undefined = run.output?.stock.at;
    expect([label, reservedAt]).toEqual(['stub-o-1', '1970-01-01T00:00:00.000Z']);
    // @ts-expect-error -- the class wants the input of its schema
    const refused = runWorkflow(new OrderWorkflow(new Payments()), { orderId: 1 });
    await expect(refused).rejects.toThrow(ValidationError);
    const length = defineWorkflow('length', {}, (_ctx, text: string) => text.length);
    const { output } = await runWorkflow(length, 'four');
    const four: number | undefined = output;
    expect(four).toBe(4);
    // @ts-expect-error -- a string
    await runWorkflow(length, 4);
  });
});

describe('wrong arguments', () => {
  class Undecorated {
    run(_ctx: WorkflowContext): void {}
  }

  it.each([
    ['a class', OrderWorkflow, /must be an instance, not the class: new OrderWorkflow/],
    ['an undecorated instance', new Undecorated(), /class Undecorated is not decorated with @Workflow/],
    ['something else', { run: 1 }, /must be an instance/],
  ])('%s', async (_what, workflow, message) => {
    await expect(runWorkflow(workflow as never, undefined as never)).rejects.toThrow(message);
  });
});
