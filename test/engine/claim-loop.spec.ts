import type { Bell, Claim, Heard, WorkerStore } from '../../lib/core/store.js';
import { ClaimLoop } from '../../lib/engine/claim-loop.js';
import { IdleBell } from '../../lib/engine/idle-bell.js';
import { SILENT_LOGGER } from '../../lib/engine/logger.js';
import { ReadAhead } from '../../lib/engine/read-ahead.js';
import { Slots } from '../../lib/engine/slots.js';
import { Turnstile } from '../../lib/engine/turnstile.js';
import { eventually } from '../support/eventually.js';

const NOTHING: Claim = {
  now: 1,
  runs: [],
  more: false,
  standsBy: false,
  orphans: false,
  nextDueAt: undefined,
  nextDeadline: undefined,
};

describe('two claim loops', () => {
  let isOver = false;
  const claims: ((claim: Claim) => void)[] = [];
  const waits: ((heard: Heard | undefined) => void)[] = [];
  const bell: Bell = {
    presence: undefined,
    wait: () => (isOver ? Promise.resolve(undefined) : new Promise((resolve) => waits.push(resolve))),
    close: async () => undefined,
  };
  const claim = (): Promise<Claim> =>
    isOver ? Promise.resolve(NOTHING) : new Promise((resolve) => claims.push(resolve));
  const slots = new Slots(1, new ReadAhead(1));
  const parts = {
    store: { claim } as unknown as WorkerStore,
    bell: new IdleBell(bell, slots),
    slots,
    turnstile: new Turnstile(),
    queues: ['q'],
    leaseMs: 1_000,
    logger: SILENT_LOGGER,
    onClaim: () => undefined,
    giveBack: async () => undefined,
    adopt: async () => false,
  };
  const first = new ClaimLoop(parts);
  const second = new ClaimLoop(parts);

  afterAll(async () => {
    isOver = true;
    const stopped = [first.stop(), second.stop()];
    slots.close();
    for (const resolve of waits) resolve(undefined);
    for (const resolve of claims) resolve(NOTHING);
    await Promise.all(stopped);
  });

  it('lose no bell that one hears while the other has all slots, and listens as soon as it has none', async () => {
    first.start();
    await eventually(() => claims.length === 1);
    claims[0]?.(NOTHING);
    await eventually(() => waits.length === 1);
    second.start();
    slots.hasMore = true;
    await eventually(() => claims.length === 2);
    waits[0]?.({ queue: 'q' });
    await eventually(() => !parts.bell.isHeard);
    claims[1]?.(NOTHING);
    await eventually(() => waits.length === 2);
    await eventually(() => claims.length === 3);
  });
});
