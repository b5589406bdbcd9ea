import type { RedflowClient, RunHandle, RunRequest, RunState } from '@redflow/nestjs';
import { type Equal, type Expect, check, valueOf } from './expect-type.js';
import {
  type JournaledShipment,
  LabelWorkflow,
  OrderWorkflow,
  type RawOrder,
  SweepWorkflow,
  greet,
  plain,
} from './fixtures.js';

const client = valueOf<RedflowClient>();
const raw: RawOrder = { orderId: 'o1', items: 'a,b' };

export async function runTakesTheInputTypeOfTheSchema(): Promise<unknown> {
  const handle = await client.run(OrderWorkflow, raw, { idempotencyKey: raw.orderId });
  await client.run(greet, raw);
  await client.run(LabelWorkflow, { orderId: 'o1' });
  await client.run(plain, { n: 1 });
  await client.run(SweepWorkflow, undefined);

  // @ts-expect-error a field is missing
  await client.run(OrderWorkflow, { orderId: 'o1' });
  // @ts-expect-error the output type of the schema is not its input type
  await client.run(OrderWorkflow, { orderId: 'o1', priority: 1, items: ['a'] });
  // @ts-expect-error a field of another type
  await client.run(OrderWorkflow, { ...raw, orderId: 1 });
  // @ts-expect-error an unknown field
  await client.run(OrderWorkflow, { orderId: 'o1', items: 'a', order: 1 });
  // @ts-expect-error no input
  await client.run(OrderWorkflow);
  // @ts-expect-error a definition is checked like a class
  await client.run(greet, { orderId: 'o1', items: ['a'] });
  // @ts-expect-error without a schema too
  await client.run(LabelWorkflow, { orderId: 1 });
  // @ts-expect-error without a schema too
  await client.run(plain, { n: '1' });
  // @ts-expect-error an instance is not a workflow
  await client.run(new OrderWorkflow(), raw);
  // @ts-expect-error a class without `run` is not a workflow
  await client.run(Date, raw);
  // @ts-expect-error an unknown option
  await client.run(OrderWorkflow, raw, { idempotentKey: 'o1' });
  // @ts-expect-error the only policy is `reject`
  await client.run(OrderWorkflow, raw, { onConflict: 'replace' });
  return handle;
}

export async function outputsAreWhatComesBack(): Promise<unknown> {
  const order = await client.run(OrderWorkflow, raw);
  const shipment = await order.result({ timeoutMs: 1_000 });
  const state = await order.state();
  const label = await (await client.run(LabelWorkflow, { orderId: 'o1' })).result();
  const swept = await (await client.run(SweepWorkflow, undefined)).result();
  const greeting = await (await client.run(greet, raw)).result();
  const number = await (await client.run(plain, { n: 1 })).result();

  check<
    [
      Expect<Equal<typeof order, RunHandle<JournaledShipment>>>,
      Expect<Equal<typeof shipment, JournaledShipment>>,
      Expect<Equal<typeof state, RunState<JournaledShipment>>>,
      Expect<Equal<typeof label, string>>,
      Expect<Equal<typeof swept, void>>,
      Expect<Equal<typeof greeting, { at: string; items: string[]; seen: string }>>,
      Expect<Equal<typeof number, number>>,
    ]
  >();
  // @ts-expect-error a date is a string now
  shipment.shippedAt.getTime();
  return [shipment, state, label, swept, greeting, number];
}

export async function namesGiveUnknown(): Promise<unknown> {
  const byName = await client.runByName('order', { anything: true });
  const result = await byName.result();
  const byReference = await (await client.run('order', 1)).result();
  const emitted = await client.emitWorkflow('order', raw);
  const found = await client.getHandle('id').result();
  const typed = await client.getHandle<JournaledShipment>('id').result();
  const state = await client.getRun('id');

  check<
    [
      Expect<Equal<typeof byName, RunHandle>>,
      Expect<Equal<typeof result, unknown>>,
      Expect<Equal<typeof byReference, unknown>>,
      Expect<Equal<typeof emitted, string>>,
      Expect<Equal<typeof found, unknown>>,
      Expect<Equal<typeof typed, JournaledShipment>>,
      Expect<Equal<typeof state, RunState | undefined>>,
    ]
  >();
  // @ts-expect-error unknown must be looked at first
  result.shippedAt;
  return [result, byReference, emitted, found, typed, state];
}

export async function runManyTypesEachRequest(): Promise<unknown> {
  const [order, label, greeting, named] = await client.runMany([
    { workflow: OrderWorkflow, input: raw },
    { workflow: LabelWorkflow, input: { orderId: 'o1' } },
    { workflow: greet, input: raw },
    { workflow: 'named', input: 1 },
  ]);
  check<[Equal<typeof order, RunHandle<JournaledShipment>>, Equal<typeof label, RunHandle<string>>]>();
  check<[Equal<typeof named, RunHandle>]>();
  const many = await client.runMany([raw, raw].map((input) => ({ workflow: OrderWorkflow, input })));
  check<[Equal<typeof many, RunHandle<JournaledShipment>[]>]>();
  const requests: RunRequest[] = [];
  const handles = await client.runMany(requests);
  check<[Equal<typeof handles, RunHandle[]>]>();

  // @ts-expect-error a field of another type
  await client.runMany([{ workflow: OrderWorkflow, input: { orderId: 1 } }]);
  // @ts-expect-error the input is missing
  await client.runMany([{ workflow: OrderWorkflow }]);

  await client.runMany([
    { workflow: OrderWorkflow, input: raw },
    // @ts-expect-error wrong in the second request
    { workflow: LabelWorkflow, input: { orderId: 1 } },
  ]);
  return [order, label, greeting, named, many, handles];
}
