import { defineWorkflow } from '@redflow/nestjs';
import { useEngine } from '../../engine/engine.js';
import type { StoreMethod } from '../../engine/holding-store.js';
import { eventually } from '../../support/eventually.js';
import { raceForKeys } from './idempotency-race.js';

describe('races', () => {
  const engine = useEngine();

  // Row 28. `npm run chaos:matrix -- idempotency --times 200` has 200 clients.
  it('of many clients for one idempotency key have one winner, whose run all get', async () => {
    const { url: connection, prefix } = engine.redis;
    const result = await raceForKeys({ connection, prefix, clients: 20, keys: 10, kills: false });
    expect(result).toEqual({ keys: 10, callers: 200, runs: 10, disagreements: 0 });
  }, 60_000);

  // Row 29.
  const points: StoreMethod[] = ['work.claim', 'work.recordStep', 'work.spawnChild', 'work.suspend', 'work.finish'];
  const sides = ['holdCall', 'holdReply'] as const;
  it.each(points.flatMap((method) => sides.map((side) => [method, side] as const)))(
    'of a cancellation with %s (%s) end in one state, and the caller was told the truth',
    async (method, side) => {
      const child = defineWorkflow('child', { queue: 'children' }, () => 'child');
      const workflow = defineWorkflow('raced', {}, async ({ step }) => {
        await step.run('step', () => 1);
        return step.runWorkflow('child', child, undefined);
      });
      const store = engine.newStore();
      await engine.startWorker([child]);
      const handle = await engine.client.run(workflow, undefined);
      const hold = store[side](method);
      await engine.startWorkerOn(store, [workflow]);
      await hold.reached;
      const told = await handle.cancel();
      hold.release();
      const ended = await eventually(async () => {
        const state = await engine.state(handle);
        expect(state.finishedAt).toBeDefined();
        return state;
      });
      expect(ended.status).toBe(told ? 'canceled' : 'succeeded');
      await expect(handle.cancel()).resolves.toBe(false);
      await expect(handle.state()).resolves.toEqual(ended);
    },
    30_000,
  );
});
