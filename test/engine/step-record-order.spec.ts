import { defineWorkflow } from '@redflow/nestjs';
import { eventually } from '../support/eventually.js';
import { useEngine } from './engine.js';
import { Gate } from './gate.js';

describe('the record of a step', () => {
  const engine = useEngine();

  it('stays that of the success where the write that shows it running has to be repeated', async () => {
    const gate = new Gate();
    const after = new Gate();
    const slow = defineWorkflow('slow', {}, async ({ step }) => {
      await step.run('slow', () => gate.pass());
      await after.pass();
    });
    const store = engine.newStore();
    store.loseCall('work.recordStep');
    await engine.startWorkerOn(store, [slow]);
    const handle = await engine.client.run(slow, undefined);
    // The write that shows the step running was lost, and is repeated after a pause.
    await eventually(() => store.calls('work.recordStep') === 1);
    gate.open();
    await after.reached();
    expect(store.calls('work.recordStep')).toBe(3);
    after.open();
    await handle.result();
    await expect(engine.client.getRunSteps(handle.id)).resolves.toMatchObject([{ name: 'slow', status: 'succeeded' }]);
  });
});
