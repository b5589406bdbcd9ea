import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { defineWorkflow } from '@redflow/nestjs';
import { countHolders } from '../../redis/begun.js';
import { useEngine } from '../../engine/engine.js';
import { Gate } from '../../engine/gate.js';
import { eventually } from '../../support/eventually.js';
import { useWorkerProcesses } from './support/worker-process.js';
import { LATE_KINDS, type LateInput } from './support/workflows.js';

const LEASE_MS = 800;

describe('a worker that stalls for twice its lease', () => {
  const startProcess = useWorkerProcesses();
  const engine = useEngine();

  const folder = mkdtempSync(join(tmpdir(), 'redflow-stall-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The same workflows in this process, at a gate. */
  function successors(gate: Gate) {
    const options = { queue: 'late', maxConcurrency: LATE_KINDS.length };
    const run = async () => {
      await gate.pass();
      return 'by the new holder';
    };
    return [defineWorkflow('late', options, run), defineWorkflow('late-handled', options, run)];
  }

  // Rows 2 and 3.
  it.each(['SIGSTOP', 'block'] as const)(
    'by %s: all its late writes are refused, and the new holders keep their slots',
    async (stall) => {
      const { url: connection, prefix } = engine.redis;
      const untilFile = join(folder, stall);
      const zombie = await startProcess({ connection, prefix, workflows: ['late'], leaseMs: LEASE_MS });
      const requests = LATE_KINDS.map((kind) => {
        const input: LateInput = { kind, stall, untilFile };
        return { workflow: kind === 'throw_handled' ? 'late-handled' : 'late', input };
      });
      const handles = await engine.client.runMany(requests);
      await zombie.whenHeard('stalling');
      const gate = new Gate();
      const runtime = { leaseMs: LEASE_MS, reaperIntervalMs: 50 };
      await engine.startWorker(successors(gate), { runtime });
      await gate.reached(LATE_KINDS.length);
      await delay(LEASE_MS);
      if (stall === 'SIGSTOP') zombie.signal('SIGCONT');
      else writeFileSync(untilFile, '');
      const refused = await zombie.whenHeard('refused', 4);
      const writes = refused.map(({ detail }) => detail).filter((method) => method !== 'work.extendLeases');
      expect(writes.sort()).toEqual(['work.finish', 'work.finish', 'work.recordFailure', 'work.recordStep']);
      expect(zombie.heard('accepted')).toEqual([]);
      expect(zombie.heard('compensated')).toEqual([]);

      const holders = await countHolders(engine.redis.commands, engine.key(''), 'late');
      expect(holders).toBe(LATE_KINDS.length - 1);
      gate.open();
      for (const handle of handles) {
        await expect(handle.result()).resolves.toBe('by the new holder');
        await expect(handle.state()).resolves.toMatchObject({ attempt: 1 });
      }
      await eventually(async () => (await engine.redis.commands.zcard(engine.key('leases'))) === 0);
    },
    60_000,
  );
});
