import type { StepRecord } from '../../lib/core/step.js';
import { HOUR, useStore } from './store-fixture.js';

const NAMES = {
  empty: '',
  'a colon': ':',
  'many colons': 'a:b::c:',
  braces: '{other}:x',
  'a key of redflow': 'w:queued',
  'a placeholder': '<>',
  'a pattern': '$& %s %1 *?[a]',
  spaces: ' a\tb\n c ',
  unicode: 'Größe-東京-🚚-e\u0301',
  'ten kilobytes': 'é'.repeat(5_000),
} satisfies Record<string, string>;

const CASES = Object.entries({ ...NAMES, 'the prototype': '__proto__' });

describe.each(CASES)('%s as a name', (_, name) => {
  const store = useStore();

  it('names a workflow, a queue, a step, a cron id and an idempotency key, from start to end', async () => {
    await store().register(name, { queue: name, cron: [{ id: name, expression: '* * * * *' }] });
    expect(await store().store.registry.getWorkflow(name)).toMatchObject({ name, queue: name });
    const run = { id: 'p', workflow: name, idempotencyKey: name, idempotencyTtlMs: HOUR };
    expect(await store().store.runs.enqueue(run)).toMatchObject({ created: true });
    expect(await store().store.runs.enqueue({ ...run, id: 'p2' })).toMatchObject({ id: 'p', created: false });

    const parent = await store().execute('p', name);
    const step: StepRecord = { name, kind: 'step', status: 'succeeded', seq: 1, attempts: 1, startedAt: 1 };
    await store().store.work.recordStep({ ...parent, step });
    expect(await store().store.runs.getSteps('p')).toEqual([step]);
    await store().spawn(parent, { id: 'c', workflow: 'child', queue: name }, { step: `${name}!` });
    await store().store.work.suspend({ ...parent, steps: [`${name}!`] });
    await store().finish(await store().execute('c', name), '"out"');

    const [woken] = await store().claim('t', 1, [name]);
    expect(woken).toMatchObject({ id: 'p', workflow: name, queue: name, outcomes: [{ step: `${name}!` }] });
    expect(await store().store.runs.listRuns({ workflow: name, limit: 5, offset: 0 })).toMatchObject({
      runs: [{ id: 'p', workflow: name, idempotencyKey: name }],
    });
    const agenda = await store().store.registry.cronAgenda({ leaderId: 'one', ttlMs: HOUR });
    expect(agenda.due.map(({ trigger }) => trigger)).toEqual([{ workflow: name, id: name, expression: '* * * * *' }]);
  });
});

describe('names', () => {
  const store = useStore();

  it('never collide, whatever they are made of', async () => {
    const names = ['', ':', '::', 'a', 'a:', ':a', 'a:b', 'a:queued', 'a:queued:', 'a:running'];
    let id = 0;
    for (const workflow of names) {
      for (const idempotencyKey of names) {
        const run = { id: `r${++id}`, workflow, queue: workflow, idempotencyKey, idempotencyTtlMs: HOUR };
        expect(await store().store.runs.enqueue(run)).toMatchObject({ created: true });
      }
    }
    for (const workflow of names) {
      const { runs } = await store().store.runs.listRuns({ workflow, limit: 99, offset: 0 });
      expect(runs.map((run) => run.workflow)).toEqual(names.map(() => workflow));
      const claimed = await store().claim(`token${names.indexOf(workflow)}`, 99, [workflow]);
      expect(claimed.map((run) => run.queue)).toEqual([workflow]);
    }
  });

  it('keep the triggers of two workflows apart', async () => {
    const cron = (id: string) => [{ id, expression: '* * * * *' }];
    await store().register('a', { cron: cron('b:c') });
    await store().register('a:b', { cron: cron('c') });
    const { due } = await store().store.registry.cronAgenda({ leaderId: 'one', ttlMs: HOUR });
    expect(due.map(({ trigger }) => [trigger.workflow, trigger.id]).sort()).toEqual([
      ['a', 'b:c'],
      ['a:b', 'c'],
    ]);
  });
});
