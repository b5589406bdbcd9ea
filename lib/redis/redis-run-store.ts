import { ConfigurationError } from '../core/errors/configuration.error.js';
import type { RetentionLimit } from '../core/retention.js';
import type { StepRecord } from '../core/step.js';
import type {
  CancelResult,
  EnqueuedRun,
  NewRun,
  RunOutcome,
  RunPage,
  RunQuery,
  RunRecord,
  RunStore,
} from '../core/store.js';
import { Batcher } from './batcher.js';
import { idempotencyPart, type Keyspace } from './keys.js';
import type { RedisLink } from './link.js';
import type { OutcomeWatcher } from './outcome-watcher.js';
import { toFields, toHistory, toRunRecord } from './records.js';
import { strangeReply } from './script.js';
import { SCRIPTS } from './scripts.js';

const MAX_RUNS_PER_CALL = 200;
// Below that a second call costs the processes more than it saves them in waiting.
const HALVED_FROM = 64;
const CASCADE_CHILDREN = 100;
const CURSOR = /^(\d{1,16})-([0-9a-z]{1,64})$/;

/** The reason with which children of a canceled parent are canceled. */
export const CASCADE_REASON = 'the parent run was canceled';

export class RedisRunStore implements RunStore {
  readonly #enqueue: Batcher<NewRun, EnqueuedRun>;

  constructor(
    private readonly keys: Keyspace,
    private readonly link: RedisLink,
    private readonly watcher: OutcomeWatcher,
  ) {
    this.#enqueue = new Batcher({
      maxItems: MAX_RUNS_PER_CALL,
      sizeOf: (run) => run.input?.length ?? 0,
      halvedFrom: HALVED_FROM,
      send: (runs) => this.#send(runs),
    });
  }

  enqueue(run: NewRun): Promise<EnqueuedRun> {
    return this.#enqueue.add(run);
  }

  enqueueMany(runs: readonly NewRun[]): Promise<EnqueuedRun[]> {
    return Promise.all(runs.map((run) => this.#enqueue.add(run)));
  }

  async getRun(id: string): Promise<RunRecord | undefined> {
    return toRunRecord(id, toFields(await SCRIPTS.getRun.call(this.link, this.keys.root, [id])));
  }

  async getSteps(id: string): Promise<StepRecord[]> {
    const fields = await this.link.request('getSteps', (redis) => redis.hgetall(this.keys.key('steps', id)));
    const { steps, outcomes } = toHistory(fields);
    const ended = new Map(outcomes.map((outcome) => [outcome.step, outcome]));
    return steps.map((step) => {
      const outcome = step.kind === 'workflow' && step.status === 'running' ? ended.get(step.name) : undefined;
      if (!outcome) return step;
      const status = outcome.status === 'succeeded' ? 'succeeded' : 'failed';
      return { ...step, status, payload: outcome.payload, finishedAt: outcome.at, attempts: 1 };
    });
  }

  async listRuns(query: RunQuery): Promise<RunPage> {
    const [, createdAt = '', id = ''] = query.cursor === undefined ? [] : parseCursor(query.cursor);
    const reply = await SCRIPTS.listRuns.call(this.link, this.keys.root, [
      query.status ?? '',
      query.workflow ?? '',
      query.workflow === undefined ? '0' : '1',
      query.limit,
      query.offset,
      createdAt,
      id,
    ]);
    const runs: RunRecord[] = [];
    for (let i = 0; i < reply.length; i += 3) {
      const run = toRunRecord(reply[i] as string, toFields(reply[i + 2] as string[]));
      if (run) runs.push(run);
    }
    const full = reply.length === query.limit * 3;
    return { runs, nextCursor: full ? `${reply.at(-2) as string}-${reply.at(-3) as string}` : undefined };
  }

  async cancel(request: {
    id: string;
    reason?: string;
    keepChildren: boolean;
    retention: RetentionLimit;
  }): Promise<CancelResult> {
    const result = await SCRIPTS.cancel.call(this.link, this.keys.root, [
      request.id,
      request.reason ?? '',
      request.keepChildren ? '1' : '',
      ...retentionArgs(request.retention),
    ]);
    if (result === 'canceled') await cascade(this.link, this.keys, request.retention);
    return result as CancelResult;
  }

  waitForOutcome(id: string, signal?: AbortSignal): Promise<RunOutcome> {
    return this.watcher.wait(id, signal);
  }

  async #send(runs: readonly NewRun[]): Promise<EnqueuedRun[]> {
    const reply = await SCRIPTS.enqueue.call(this.link, this.keys.root, callArgs(runs));
    const enqueued: EnqueuedRun[] = runs.map(({ id }) => ({ id, created: true }));
    for (let i = 0; i < reply.length; i += 4) {
      const [place, id, created, input] = reply.slice(i, i + 4) as [number, string, number, string | null];
      if (!enqueued[place]) throw strangeReply('enqueue');
      enqueued[place] = { id, created: created === 1, existingInput: input ?? undefined };
    }
    return enqueued;
  }
}

/** What a run has in common with the one before it is not said again: most calls start many of one workflow. */
function callArgs(runs: readonly NewRun[]): (string | number)[] {
  const args: (string | number)[] = [];
  let former: NewRun | undefined;
  for (const run of runs) {
    if (former && differsInInputAlone(run, former)) args.push('=', run.id, run.input ?? '');
    else args.push(...enqueueArgs(run));
    former = run;
  }
  return args;
}

function differsInInputAlone(run: NewRun, former: NewRun): boolean {
  return (
    run.workflow === former.workflow &&
    run.queue === former.queue &&
    run.maxAttempts === former.maxAttempts &&
    run.runAt === undefined &&
    run.delayMs === undefined &&
    run.idempotencyKey === undefined
  );
}

/** The ten arguments by which the scripts create a run. */
export function enqueueArgs(run: NewRun): (string | number)[] {
  const { idempotencyKey } = run;
  return [
    run.id,
    run.workflow,
    // A queue may have the empty name: what is given has a mark.
    run.queue === undefined ? '' : `:${run.queue}`,
    run.maxAttempts ?? '',
    run.input ?? '',
    run.runAt ?? '',
    run.delayMs ?? '',
    idempotencyKey === undefined ? '' : idempotencyPart(run.workflow, idempotencyKey),
    idempotencyKey ?? '',
    run.idempotencyTtlMs ?? '',
  ];
}

/** Cancels the children of canceled parents until none is left. What a crash leaves, a sweep takes up. */
export async function cascade(link: RedisLink, keys: Keyspace, retention: RetentionLimit): Promise<void> {
  const args = [CASCADE_CHILDREN, CASCADE_REASON, ...retentionArgs(retention)];
  while ((await SCRIPTS.cascade.call(link, keys.root, args)) === 1);
}

/** Age and count, '' for no limit. */
export function retentionArgs({ ageMs, count }: RetentionLimit): [string | number, string | number] {
  return [Number.isFinite(ageMs) ? ageMs : '', Number.isFinite(count) ? count : ''];
}

function parseCursor(cursor: string): RegExpExecArray {
  const match = CURSOR.exec(cursor);
  if (!match) throw new ConfigurationError('cursor', 'is not a cursor that listRuns has given');
  return match;
}
