import type { RunHandle, StepScope, StepTools } from '@redflow/nestjs';
import { type Equal, type Expect, check, valueOf } from './expect-type.js';
import {
  type JournaledShipment,
  LabelWorkflow,
  OrderWorkflow,
  type RawOrder,
  SweepWorkflow,
  greet,
} from './fixtures.js';

const step = valueOf<StepTools>();
const raw: RawOrder = { orderId: 'o1', items: 'a,b' };

export async function stepResultsAreWhatComesBack(): Promise<unknown> {
  const date = await step.run('date', () => new Date());
  const later = await step.run({ name: 'later', timeoutMs: 10, retries: { maxAttempts: 2 } }, async () => ({
    at: new Date(),
  }));
  const nothing = await step.run('nothing', () => {});
  const maybe = await step.run('maybe', async (): Promise<Date | undefined> => undefined);
  const unknown = await step.run('unknown', (): unknown => 1);
  const both = await Promise.all([step.run('a', () => 1), step.runWorkflow('b', LabelWorkflow, { orderId: 'o1' })]);
  await step.run('scope', (scope) => void (scope satisfies StepScope));

  check<
    [
      Expect<Equal<typeof date, string>>,
      Expect<Equal<typeof later, { at: string }>>,
      Expect<Equal<typeof nothing, void>>,
      Expect<Equal<typeof maybe, string | undefined>>,
      Expect<Equal<typeof unknown, unknown>>,
      Expect<Equal<typeof both, [number, string]>>,
    ]
  >();
  // @ts-expect-error the name is required
  await step.run({ timeoutMs: 10 }, () => 1);
  return [date, later, nothing, maybe, unknown, both];
}

export async function childrenAreTyped(): Promise<unknown> {
  const shipment = await step.runWorkflow('ship', OrderWorkflow, raw);
  const greeting = await step.runWorkflow({ name: 'greet', timeoutMs: 10, idempotencyKey: 'k' }, greet, raw);
  const byName = await step.runWorkflow('by-name', 'order', { anything: true });
  const swept = await step.runWorkflow('sweep', SweepWorkflow, undefined);

  check<
    [
      Expect<Equal<typeof shipment, JournaledShipment>>,
      Expect<Equal<typeof greeting, { at: string; items: string[]; seen: string }>>,
      Expect<Equal<typeof byName, unknown>>,
      Expect<Equal<typeof swept, void>>,
    ]
  >();
  // @ts-expect-error the output type of the schema is not its input type
  await step.runWorkflow('ship', OrderWorkflow, { orderId: 'o1', priority: 1, items: ['a'] });
  // @ts-expect-error a field of another type
  await step.runWorkflow('ship', LabelWorkflow, { orderId: 1 });
  // @ts-expect-error no input
  await step.runWorkflow('ship', greet);
  return [shipment, greeting, byName, swept];
}

export async function emittedChildrenGiveTheirId(): Promise<unknown> {
  const id = await step.emitWorkflow('ship', OrderWorkflow, raw);
  const byName = await step.emitWorkflow({ name: 'by-name', idempotencyKey: 'k' }, 'order', raw);

  check<[Expect<Equal<typeof id, string>>, Expect<Equal<typeof byName, string>>]>();
  // @ts-expect-error wrong input
  await step.emitWorkflow('ship', OrderWorkflow, { orderId: 'o1' });
  // @ts-expect-error nobody waits, so nothing times out
  await step.emitWorkflow({ name: 'ship', timeoutMs: 1 }, OrderWorkflow, raw);
  return [id, byName];
}

export const handleIsNotAStep = (handle: RunHandle<JournaledShipment>): Promise<JournaledShipment> => handle.result();
