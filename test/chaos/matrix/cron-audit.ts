import type { Redis } from 'ioredis';
import { eventually } from '../../support/eventually.js';
import { CommandFeed, type HeardCommand } from './support/command-feed.js';

/** Trigger → planned time → runs that came of it. */
type Ticks = Map<string, Map<number, string[]>>;

/**
 * Listens to every command that Redis executes under a prefix, and notes what became of each tick that was planned:
 * a tick is over when the next one of its trigger is planned, and the runs that the same script creates are its runs.
 */
export class CronAudit {
  readonly #ticks: Ticks = new Map();
  readonly #plannedAt = new Map<string, number>();
  // What the script that is being executed has created, which belongs to the tick that it ends.
  #created: string[] = [];
  #feed: CommandFeed | undefined;
  #isUpToDate = false;

  private constructor(private readonly prefix: string) {}

  static async start(url: string, prefix: string): Promise<CronAudit> {
    const audit = new CronAudit(prefix);
    audit.#feed = await CommandFeed.open(url, (command) => audit.#note(command));
    return audit;
  }

  stop(): void {
    this.#feed?.close();
  }

  /** Resolves once it has heard of everything up to now. */
  async catchUp(redis: Redis): Promise<void> {
    this.#isUpToDate = false;
    await redis.echo(this.prefix);
    await eventually(() => this.#isUpToDate);
  }

  /** How many triggers have a plan. */
  get triggers(): number {
    return this.#plannedAt.size;
  }

  /** Whether no tick up to that time is planned any more. */
  isPast(time: number): boolean {
    return [...this.#plannedAt.values()].every((planned) => planned > time);
  }

  /** Triggers for which exactly this time was planned. */
  plannedFor(time: number): number {
    return [...this.#ticks.values()].filter((ticks) => ticks.has(time)).length;
  }

  /** What each tick that is over has given. */
  over(): { trigger: string; tick: number; runs: readonly string[] }[] {
    return [...this.#ticks].flatMap(([trigger, ticks]) => [...ticks].map(([tick, runs]) => ({ trigger, tick, runs })));
  }

  #note({ args, isOfScript }: HeardCommand): void {
    const [name, key, score, member] = args;
    if (!isOfScript) this.#created = [];
    if (name?.toUpperCase() === 'ECHO' && key === this.prefix) this.#isUpToDate = true;
    if (name?.toUpperCase() !== 'ZADD' || score === undefined || member === undefined) return;
    if (key === `{${this.prefix}}:runs:created`) this.#created.push(member);
    if (key === `{${this.prefix}}:cron:next`) this.#plan(member, Number(score));
  }

  #plan(trigger: string, next: number): void {
    const before = this.#plannedAt.get(trigger);
    if (before === next) return;
    if (before) {
      const ticks = this.#ticks.get(trigger) ?? new Map<number, string[]>();
      const runs = ticks.get(before) ?? [];
      runs.push(...this.#created);
      this.#created = runs;
      this.#ticks.set(trigger, ticks.set(before, runs));
    }
    this.#plannedAt.set(trigger, next);
  }
}
