import type { Redis } from 'ioredis';
import { eventually } from '../../support/eventually.js';
import { CronAudit } from './cron-audit.js';
import { WorkerProcess } from './support/worker-process.js';
import type { TickStrike, WorkerOrder } from './support/worker-order.js';
import { TICKING } from './support/workflows.js';

/** What became of a leader that was struck. */
export interface Strike {
  /** Triggers that were planned for the very second of it. */
  readonly ticks: number;
  /** How long after that second its end was noticed. */
  readonly afterMs: number;
}

// One fires ticks, one is there when it dies, one starts meanwhile.
const WORKERS = 3;
const PATIENCE_MS = 60_000;
// A process that wakes for a tick may be this early.
const EARLY_MS = 50;

/** Worker processes of one prefix, of which the one that holds the leadership is struck again and again. */
export class CronLane {
  /** Late calls of frozen leaders, by what the store said to them. */
  readonly late: Record<string, number> = {};
  readonly #order: WorkerOrder;
  #workers: WorkerProcess[] = [];
  #newcomer: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly redis: Redis,
    private readonly prefix: string,
    readonly audit: CronAudit,
    connection: string,
  ) {
    this.#order = { connection, prefix, workflows: ['ticking'] };
  }

  static async start(redis: Redis, connection: string, prefix: string): Promise<CronLane> {
    const lane = new CronLane(redis, prefix, await CronAudit.start(connection, prefix), connection);
    await Promise.all(Array.from({ length: WORKERS }, () => lane.#addWorker()));
    await lane.#until('the triggers are planned', () => lane.audit.triggers === TICKING.length);
    return lane;
  }

  /** Resolves once the tick at which the leader was struck is over for every trigger. */
  async strike(strike: TickStrike): Promise<Strike> {
    await this.#newcomer;
    const leader = await this.#strikeLeader(strike);
    const struckAt = leader.exitedAt ?? Date.now();
    const second = Math.floor((struckAt + EARLY_MS) / 1_000) * 1_000;
    await this.#until('the tick is over', () => this.audit.isPast(second));
    if (strike.signal === 'SIGSTOP') await this.#thaw(leader);
    return { ticks: this.audit.plannedFor(second), afterMs: struckAt - second };
  }

  // A process that leads no more when it is struck, because it was late, does not count: then it is the next one's turn.
  async #strikeLeader(strike: TickStrike): Promise<WorkerProcess> {
    for (;;) {
      const leader = await this.#until('there is a leader', () => this.#leader());
      const times = leader.heard('struck').length;
      const isStruck = (): boolean => leader.hasExited || leader.heard('struck').length > times;
      const leads = async (): Promise<boolean> => (await this.#leader()) === leader;
      leader.command(strike);
      await this.#until('the leader is struck', async () => isStruck() || !(await leads()));
      // The leadership outlives who has it.
      const led = isStruck() && (await leads());
      if (strike.signal === 'SIGKILL' || !led) await this.#replace(leader);
      if (led) return leader;
    }
  }

  async #replace(worker: WorkerProcess): Promise<void> {
    await worker.kill();
    this.#workers = this.#workers.filter((other) => other !== worker);
    this.#newcomer = this.#newcomer.then(() => this.#addWorker());
  }

  async stop(): Promise<void> {
    await this.#newcomer;
    for (const worker of this.#workers) worker.signal('SIGTERM');
    await Promise.all(this.#workers.map((worker) => worker.whenExited()));
    await this.audit.catchUp(this.redis);
    this.audit.stop();
  }

  async kill(): Promise<void> {
    this.audit.stop();
    await this.#newcomer.catch(() => undefined);
    await Promise.all(this.#workers.map((worker) => worker.kill()));
  }

  async #addWorker(): Promise<void> {
    this.#workers.push(await WorkerProcess.start(this.#order));
  }

  async #leader(): Promise<WorkerProcess | undefined> {
    const id = await this.redis.get(`{${this.prefix}}:lock:cron`);
    return this.#workers.find((worker) => id !== null && worker.heard('candidate')[0]?.detail === id);
  }

  /** Lets a frozen leader go on, and notes what its late call came to. */
  async #thaw(worker: WorkerProcess): Promise<void> {
    const before = worker.heard('tick').length;
    worker.signal('SIGCONT');
    const told = await worker.whenHeard('tick', before + 1);
    const result = told[before]?.detail ?? '';
    this.late[result] = (this.late[result] ?? 0) + 1;
  }

  async #until<T>(what: string, probe: () => T | Promise<T>): Promise<NonNullable<T>> {
    return eventually(probe, PATIENCE_MS).catch((error: unknown) => {
      throw new Error(`${this.prefix}: in vain until ${what}`, { cause: error });
    });
  }
}
