import { SILENT_LOGGER } from '../../lib/engine/logger.js';
import { Cron } from '../../lib/engine/cron.js';
import type { CronAgenda, CronTrigger, RegistryStore } from '../../lib/core/store.js';

/** The ticks that follow `from`, as the engine plans them, one after the other. */
async function ticks(expression: string, timezone: string | undefined, from: string, count: number): Promise<string[]> {
  const trigger: CronTrigger = { id: 'id', workflow: 'w', expression, timezone };
  const planned: number[] = [];
  let done!: () => void;
  const finished = new Promise<void>((resolve) => (done = resolve));
  const store: Pick<RegistryStore, 'cronAgenda' | 'cronTick' | 'resignCron'> = {
    async cronAgenda(): Promise<CronAgenda> {
      const now = planned.at(-1) ?? Date.parse(from);
      const due = planned.length < count ? [{ trigger, dueAt: planned.at(-1) }] : [];
      if (due.length === 0) done();
      return { leader: true, now, due, heldMs: 0 };
    },
    async cronTick({ nextAt }) {
      planned.push(nextAt as number);
      return 'fired';
    },
    resignCron: async () => undefined,
  };
  const cron = new Cron(store as RegistryStore, SILENT_LOGGER);
  cron.start();
  await finished;
  await cron.stop();
  return planned.map((at) => new Date(at).toISOString().replace(':00.000Z', 'Z'));
}

describe('times of cron expressions', () => {
  it('are UTC without a time zone', async () => {
    await expect(ticks('0 3 * * *', undefined, '2026-06-01T02:59:59Z', 2)).resolves.toEqual([
      '2026-06-01T03:00Z',
      '2026-06-02T03:00Z',
    ]);
  });

  it('follow a time zone over both changes of daylight saving time', async () => {
    await expect(ticks('30 9 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', 3)).resolves.toEqual([
      '2026-03-28T08:30Z',
      '2026-03-29T07:30Z',
      '2026-03-30T07:30Z',
    ]);
    await expect(ticks('30 9 * * *', 'Europe/Berlin', '2026-10-24T00:00:00Z', 3)).resolves.toEqual([
      '2026-10-24T07:30Z',
      '2026-10-25T08:30Z',
      '2026-10-26T08:30Z',
    ]);
  });

  it('fire once on the day on which their hour is left out', async () => {
    const [before, day, after] = await ticks('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', 3);
    expect(before).toBe('2026-03-28T01:30Z');
    expect(day?.slice(0, 10)).toBe('2026-03-29');
    expect(after).toBe('2026-03-30T00:30Z');
  });

  it('fire once on the day on which their hour comes twice', async () => {
    const days = (await ticks('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).map((at) => at.slice(0, 10));
    expect(days).toEqual(['2026-10-25', '2026-10-26']);
  });

  it('fire every hour over a change, none twice', async () => {
    await expect(ticks('0 * * * *', 'America/New_York', '2026-11-01T03:30:00Z', 5)).resolves.toEqual([
      '2026-11-01T04:00Z',
      '2026-11-01T05:00Z',
      '2026-11-01T06:00Z',
      '2026-11-01T07:00Z',
      '2026-11-01T08:00Z',
    ]);
  });

  it('know zones whose offset is no whole hour', async () => {
    await expect(ticks('0 0 * * *', 'Asia/Kolkata', '2026-01-01T00:00:00Z', 1)).resolves.toEqual(['2026-01-01T18:30Z']);
  });

  it('know leap years and last days', async () => {
    await expect(ticks('0 0 29 2 *', undefined, '2026-01-01T00:00:00Z', 1)).resolves.toEqual(['2028-02-29T00:00Z']);
    await expect(ticks('0 0 L * *', undefined, '2026-02-01T00:00:00Z', 1)).resolves.toEqual(['2026-02-28T00:00Z']);
  });

  it('may have seconds', async () => {
    const at = await ticks('*/20 * * * * *', undefined, '2026-01-01T00:00:01Z', 3);
    expect(at.map((time) => time.slice(11))).toEqual(['00:00:20.000Z', '00:00:40.000Z', '00:01Z']);
  });
});
