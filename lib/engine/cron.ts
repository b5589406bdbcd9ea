import { CronExpressionParser } from 'cron-parser';
import { newRunId, newToken } from '../core/run-id.js';
import type { CronTrigger, RegistryStore } from '../core/store.js';
import type { Logger } from './logger.js';
import { Service } from './service.js';

// How long others leave the ticks to a leader that has vanished.
const LEADERSHIP_MS = 5_000;
// A tick that is later than this is for everybody.
const LATE_MS = 500;
const LONGEST_SLEEP_MS = 60_000;

/**
 * Starts a run at every tick of every trigger. The leader does it; that a tick fires once, whoever
 * does it, is assured by the store: a tick is taken by planning the next one.
 */
export class Cron {
  readonly #id = newToken();
  readonly #service: Service;

  constructor(
    private readonly store: RegistryStore,
    private readonly logger: Logger,
  ) {
    this.#service = new Service('cron', () => this.#turn(), logger);
  }

  start(): void {
    this.#service.start();
  }

  /** Looks at once: triggers may have been written. */
  wake(): void {
    this.#service.wake();
  }

  async stop(): Promise<void> {
    await this.#service.stop();
    await this.store.resignCron(this.#id).catch(() => undefined);
  }

  async #turn(): Promise<number> {
    const agenda = await this.store.cronAgenda({ leaderId: this.#id, ttlMs: LEADERSHIP_MS });
    let progress = false;
    for (const { trigger, dueAt } of agenda.due) progress = (await this.#tick(trigger, dueAt, agenda.now)) || progress;
    if (progress) return 0;
    if (agenda.heldMs > 0) return Math.min(agenda.heldMs, LATE_MS);
    if (agenda.due.length > 0) return LATE_MS;
    const untilNext = agenda.nextDueAt === undefined ? LONGEST_SLEEP_MS : agenda.nextDueAt - agenda.now;
    return Math.min(Math.max(untilNext, 1), LONGEST_SLEEP_MS);
  }

  /** Whether the trigger was due still. */
  async #tick(trigger: CronTrigger, dueAt: number | undefined, now: number): Promise<boolean> {
    const nextAt = this.#nextTick(trigger, now);
    const result = await this.store.cronTick({ trigger, dueAt, nextAt, runId: newRunId() });
    if (result === 'skipped') {
      this.logger.debug?.(
        `cron "${trigger.id}" of workflow "${trigger.workflow}": tick skipped, as many runs as allowed are active`,
      );
    }
    return result !== 'stale';
  }

  // From now, not from the tick that was due: what was missed is not made up for.
  #nextTick(trigger: CronTrigger, now: number): number | undefined {
    try {
      const { expression, timezone } = trigger;
      return CronExpressionParser.parse(expression, { currentDate: new Date(now), tz: timezone ?? 'UTC' })
        .next()
        .getTime();
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'not valid';
      this.logger.error(`cron "${trigger.id}" of workflow "${trigger.workflow}" has no next tick: ${reason}`);
      return undefined;
    }
  }
}
