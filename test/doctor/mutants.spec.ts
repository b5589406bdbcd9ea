import { defineWorkflow } from '@redflow/nestjs';
import { useEngine } from '../engine/engine.js';
import { Gate } from '../engine/gate.js';
import { eventually } from '../support/eventually.js';
import { checkUp, codesOf } from './check-up.js';
import { mutate, type Mutation } from './lua-mutation.js';

interface Mutant extends Mutation {
  readonly name: string;
  /** What the doctor must say. */
  readonly code: string;
}

const MUTANTS: readonly Mutant[] = [
  {
    name: 'keeps the slot of a run that has ended',
    file: 'include/settle-run.lua',
    from: "later('ZREM', key_index(workflow, run.started_at and 'queued' or from), id)",
    to: '',
    code: 'foreign_member',
  },
  {
    name: 'skips the index of ended runs',
    file: 'include/settle-run.lua',
    from: "later('ZADD', key_index(workflow, status), run[4], id)",
    to: '',
    code: 'unindexed_run',
  },
  {
    name: 'takes the indexes of two statuses for each other',
    file: 'include/read-run.lua',
    from: "redis.call('ZREM', key_index(workflow, 'queued'), id)",
    to: "redis.call('ZREM', key_index(workflow, 'waiting'), id)",
    code: 'foreign_member',
  },
  {
    name: 'takes a run that was just begun out of its index too early',
    file: 'include/claim-runs.lua',
    from: 'taken[#taken + 1] = id',
    to: "taken[#taken + 1] = id later('ZREM', key_index(workflow, 'queued'), id)",
    code: 'unindexed_run',
  },
  {
    name: 'leaks the steps of runs that are removed',
    file: 'include/remove-run.lua',
    from: "redis.call('UNLINK', key_run(id), key_steps(id))",
    to: "redis.call('UNLINK', key_run(id))",
    code: 'leftover_key',
  },
  {
    name: 'keeps the lease of a run that has ended',
    file: 'include/finish-runs.lua',
    from: 'leases[#leases + 1] = id',
    to: '',
    code: 'foreign_member',
  },
  {
    name: 'takes no lease',
    file: 'include/claim-runs.lua',
    from: "if size == 2 then later_alone('ZADD', key_leases(), 'LT', claim.deadline, lease_of_begun(run[2])) end",
    to: '',
    code: 'lease_missing',
  },
  {
    name: 'wakes nobody who is parked',
    file: 'include/slots.lua',
    from: 'freed[workflow] = count + 1',
    to: 'freed[workflow] = count',
    code: 'parked_forever',
  },
  {
    name: 'loses whom it wakes',
    file: 'include/slots.lua',
    from: "redis.call('LPUSH', key_ready(woken[i][2]), woken[i][1])",
    to: '',
    code: 'queued_nowhere',
  },
  {
    name: 'lets ended runs never expire',
    file: 'include/settle-run.lua',
    from: "later_alone('ZADD', key_expiring(), 'NX', text(now + tonumber(age)), plan)",
    to: '',
    code: 'not_expiring',
  },
  {
    name: 'lets more runs execute than there are slots',
    file: 'include/claim-runs.lua',
    from: "if lane.free <= 0 then return later('ZADD', key_parked(workflow), created_at, id) end",
    to: '',
    code: 'slots_exceeded',
  },
  {
    name: 'wakes no parent',
    file: 'include/settle-run.lua',
    from: "if fields[1] == 'waiting' and",
    to: 'if false and',
    code: 'waiting_forever',
  },
  {
    name: 'delivers no outcome',
    file: 'include/settle-run.lua',
    from: "redis.pcall('HSET', key_steps(parent), 'o' .. step,",
    to: "redis.pcall('HSET', key_steps(parent), 'x' .. step,",
    code: 'wait_broken',
  },
  {
    name: 'forgets when a retry is due',
    file: 'include/schedule.lua',
    from: "redis.call('ZADD', key_scheduled(), 'LT', text(at), id)",
    to: '',
    code: 'schedule_missing',
  },
];

describe('a worker on a script that', () => {
  const engine = useEngine();
  let restore: () => void = () => undefined;
  afterEach(() => restore());

  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s, is found out', async (_name, mutant) => {
    const gate = new Gate();
    const child = defineWorkflow('child', { queue: 'a' }, () => 1);
    const serial = defineWorkflow('serial', { queue: 'a', maxConcurrency: 2 }, async ({ step }) => {
      await step.run('one', () => 1);
      await gate.pass();
    });
    const parent = defineWorkflow('parent', { queue: 'a' }, ({ step }) => step.runWorkflow('child', child, {}));
    const flaky = defineWorkflow(
      'flaky',
      { queue: 'a', retries: { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 600_000 } } },
      () => Promise.reject(new Error('on purpose')),
    );
    const rule = { ageMs: 600_000, count: 1 };
    restore = mutate(mutant);
    await engine.startWorker([child, serial, parent, flaky], { concurrency: 4, retention: { succeeded: rule } });
    for (let i = 0; i < 4; i++) await engine.client.run(serial, {});
    for (const workflow of [parent, flaky]) await engine.client.run(workflow, {});
    await gate.reached(2);
    await eventually(async () => {
      const codes = codesOf(await checkUp(engine.redis));
      // What is wrong while runs execute was there to see.
      gate.open();
      expect(codes).toContain(mutant.code);
      return true;
    });
  });
});
