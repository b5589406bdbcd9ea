import type { Retention } from '../core/retention.js';
import type {
  Claim,
  ClaimedRun,
  ClaimRequest,
  Finish,
  FinishResult,
  LeaseState,
  Ownership,
  SpawnChild,
  SpawnedChild,
  SuspendRequest,
  SuspendResult,
  Recovery,
  RecoverRequest,
  WorkerStore,
} from '../core/store.js';
import type { TerminalStatus } from '../core/run.js';
import type { StepRecord } from '../core/step.js';
import { Batcher } from './batcher.js';
import type { Keyspace } from './keys.js';
import type { RedisLink } from './link.js';
import { encodeStep, FAILURE_FIELD, optionalNumber, stepField, toFields, toHistory, toOutcome } from './records.js';
import { cascade, enqueueArgs, retentionArgs } from './redis-run-store.js';
import { SCRIPTS, type ClaimReply } from './scripts.js';

/** Bounds of one call, so that no script holds Redis up. */
const MAX_CLAIM = 100;
const MAX_SCAN = 200;
const MAX_WRITES = 100;
const MAX_PROMOTED = 500;
const MAX_SWEPT = 100;

const LEASE_STATES: readonly LeaseState[] = ['lost', 'held', 'cancel_requested'];

interface FieldWrite extends Ownership {
  readonly field: string;
  readonly value: string;
}

interface FinishWrite {
  readonly finish: Finish;
  readonly retention: Retention;
}

/** What a worker asks for when runs end: that they are stored, and others in their place. */
type Turnover = FinishWrite | ClaimRequest;

export class RedisWorkerStore implements WorkerStore {
  readonly #writes: Batcher<FieldWrite, LeaseState>;
  readonly #turnovers: Batcher<Turnover, FinishResult | Claim>;
  readonly #children: Batcher<SpawnChild, SpawnedChild | 'cancel_requested' | 'lost'>;

  constructor(
    private readonly keys: Keyspace,
    private readonly link: RedisLink,
  ) {
    this.#writes = new Batcher({
      maxItems: MAX_WRITES,
      sizeOf: ({ value }) => value.length,
      send: (w) => this.#sendWrites(w),
    });
    this.#turnovers = new Batcher({ maxItems: MAX_WRITES, sizeOf: turnoverSize, send: (t) => this.#sendTurnovers(t) });
    this.#children = new Batcher({
      maxItems: MAX_WRITES,
      sizeOf: ({ child }) => child.input?.length ?? 0,
      send: (children) => this.#sendChildren(children),
    });
  }

  claim(request: ClaimRequest): Promise<Claim> {
    return this.#turnovers.add(request) as Promise<Claim>;
  }

  async extendLeases({ runs, leaseMs }: { runs: readonly Ownership[]; leaseMs: number }): Promise<LeaseState[]> {
    const args = [leaseMs, ...runs.flatMap(({ runId, token }) => [runId, token])];
    return toLeaseStates(await SCRIPTS.extendLeases.call(this.link, this.keys.root, args));
  }

  recordStep({ runId, token, step }: Ownership & { step: StepRecord }): Promise<LeaseState> {
    return this.#writes.add({ runId, token, field: stepField(step.name), value: encodeStep(step) });
  }

  recordFailure({ runId, token, error }: Ownership & { error: string }): Promise<LeaseState> {
    return this.#writes.add({ runId, token, field: FAILURE_FIELD, value: error });
  }

  spawnChild(request: SpawnChild): Promise<SpawnedChild | 'cancel_requested' | 'lost'> {
    return this.#children.add(request);
  }

  async suspend(request: SuspendRequest): Promise<SuspendResult> {
    const args = [request.runId, request.token, request.wakeAt ?? '', ...request.steps];
    const [state, ...outcomes] = await SCRIPTS.suspend.call(this.link, this.keys.root, args);
    if (state !== 'woken') return { state: state as 'suspended' | 'cancel_requested' | 'lost' };
    const woken = [];
    for (let i = 0; i < outcomes.length; i += 2)
      woken.push(toOutcome(outcomes[i] as string, outcomes[i + 1] as string));
    return { state, outcomes: woken };
  }

  finish(finish: Finish, retention: Retention): Promise<FinishResult> {
    return this.#turnovers.add({ finish, retention }) as Promise<FinishResult>;
  }

  async release({
    runId,
    token,
    to,
  }: Ownership & { to: 'ready' | 'orphan' }): Promise<'released' | 'unregistered' | 'lost'> {
    return SCRIPTS.release.call(this.link, this.keys.root, [runId, token, to]);
  }

  async adopt(request: { workflows: readonly string[]; queues: readonly string[]; limit?: number }): Promise<number> {
    const { workflows, queues, limit = MAX_SCAN } = request;
    const args = [MAX_SCAN, limit, workflows.length, ...workflows, ...queues];
    return SCRIPTS.adopt.call(this.link, this.keys.root, args);
  }

  async promote(): Promise<{ promoted: number; now: number; nextDueAt?: number }> {
    const [promoted, now, nextDue] = await SCRIPTS.promote.call(this.link, this.keys.root, [MAX_PROMOTED]);
    return { promoted, now: Number(now), nextDueAt: optionalNumber(nextDue) };
  }

  async recover({ maxRecoveries, recoveryError, retention }: RecoverRequest): Promise<Recovery> {
    const [now, nextDeadline, more, recovered, ...ids] = await SCRIPTS.reclaim.call(this.link, this.keys.root, [
      MAX_SWEPT,
      maxRecoveries,
      recoveryError,
      ...retentionArgs(retention.failed),
      ...retentionArgs(retention.canceled),
    ]);
    return {
      recovered: ids.slice(0, recovered),
      poisoned: ids.slice(recovered),
      now: Number(now),
      nextDeadline: optionalNumber(nextDeadline),
      more: more === 1,
    };
  }

  async tidy({ retention }: { retention: Retention }): Promise<{ removed: number; more: boolean }> {
    await cascade(this.link, this.keys, retention.canceled);
    const removed = await SCRIPTS.expire.call(this.link, this.keys.root, [MAX_SWEPT]);
    return { removed, more: removed === MAX_SWEPT };
  }

  async #sendWrites(writes: readonly FieldWrite[]): Promise<LeaseState[]> {
    const args = writes.flatMap(({ runId, token, field, value }) => [runId, token, field, value]);
    return toLeaseStates(await SCRIPTS.recordSteps.call(this.link, this.keys.root, args));
  }

  // The first claim rides with what has ended; a second one of the same turn goes beside.
  async #sendTurnovers(items: readonly Turnover[]): Promise<(FinishResult | Claim)[]> {
    const finishes = items.filter(isFinish);
    const [first, ...others] = items.filter((item) => !isFinish(item)) as ClaimRequest[];
    const [turnover, ...claims] = await Promise.all([
      this.#sendTurnover(finishes, first),
      ...others.map((request) => this.#sendTurnover([], request)),
    ]);
    const results = [...turnover.results];
    const claimed = [turnover, ...claims].map(({ claim }) => claim as Claim);
    return items.map((item) => (isFinish(item) ? results.shift() : claimed.shift()) as FinishResult | Claim);
  }

  async #sendTurnover(
    finishes: readonly FinishWrite[],
    request: ClaimRequest | undefined,
  ): Promise<{ results: FinishResult[]; claim?: Claim }> {
    if (!request) return { results: await this.#sendFinishes(finishes) };
    const claim = claimArgs(request);
    if (finishes.length === 0) {
      return { results: [], claim: toClaim(await SCRIPTS.claim.call(this.link, this.keys.root, claim), request) };
    }
    const args = [claim.length, ...claim, ...finishArgs(finishes)];
    const reply = await SCRIPTS.finishAndClaim.call(this.link, this.keys.root, args);
    const results = reply[6] as FinishResult[];
    // Nobody renews the leases of what was claimed before it is handed over: it must not wait for a large family.
    void this.#cascade(results, finishes);
    return { results, claim: toClaim(reply, request) };
  }

  async #sendFinishes(finishes: readonly FinishWrite[]): Promise<FinishResult[]> {
    const args = finishArgs(finishes);
    const results = (await SCRIPTS.finish.call(this.link, this.keys.root, args)) as FinishResult[];
    await this.#cascade(results, finishes);
    return results;
  }

  // What fails here is done by the next tidying.
  async #cascade(results: readonly FinishResult[], [first]: readonly FinishWrite[]): Promise<void> {
    if (!first || !results.includes('canceled')) return;
    await cascade(this.link, this.keys, first.retention.canceled).catch(() => undefined);
  }

  async #sendChildren(spawns: readonly SpawnChild[]): Promise<(SpawnedChild | 'cancel_requested' | 'lost')[]> {
    const reply = await SCRIPTS.spawnChildren.call(this.link, this.keys.root, spawns.flatMap(spawnArgs));
    return spawns.map((_, index) => toSpawned(reply.slice(index * 5, index * 5 + 5)));
  }
}

function isFinish(item: Turnover): item is FinishWrite {
  return 'finish' in item;
}

function claimArgs({ workerId, token, leaseMs, limit, queues }: ClaimRequest): (string | number)[] {
  return [workerId, token, leaseMs, Math.min(limit, MAX_CLAIM), MAX_SCAN, ...queues];
}

// The retention is that of the worker: the same for every item of a call.
function finishArgs(writes: readonly FinishWrite[]): (string | number)[] {
  const { succeeded, failed, canceled } = (writes[0] as FinishWrite).retention;
  const args: (string | number)[] = [succeeded, failed, canceled].flatMap(retentionArgs);
  for (const { finish } of writes) {
    const [status, payload, delayMs] = outcomeArgs(finish.outcome);
    args.push(finish.runId, finish.token, status, payload, delayMs);
  }
  return args;
}

const ENTRIES_PER_RUN = 9;

function toClaim(
  [now, nextDue, more, orphans, nextDeadline, entries]: readonly [...ClaimReply, ...unknown[]],
  { token }: ClaimRequest,
): Claim {
  const runs: ClaimedRun[] = [];
  const claim = {
    now: Number(now),
    nextDueAt: optionalNumber(nextDue),
    more: more === 1,
    orphans: orphans === 1,
    nextDeadline: optionalNumber(nextDeadline),
    runs,
  };
  for (let i = 0; i < entries.length; i += ENTRIES_PER_RUN) runs.push(toClaimedRun(entries, i, token, claim.now));
  return claim;
}

const NO_HISTORY = { steps: [], outcomes: [] } as const;

function toClaimedRun(entries: ClaimReply[5], at: number, token: string, now: number): ClaimedRun {
  const [input, maxAttempts, , attempt, startedAt] = entries.slice(at + 3, at + 8) as (string | null)[];
  const history = entries[at + 8] as string[] | null;
  return {
    id: entries[at] as string,
    token,
    workflow: entries[at + 1] as string,
    queue: entries[at + 2] as string,
    input: input ?? undefined,
    attempt: Number(attempt ?? 1),
    maxAttempts: Number(maxAttempts ?? 1),
    createdAt: Number(entries[at + 5]),
    startedAt: Number(startedAt ?? now),
    ...(history ? toHistory(toFields(history)) : NO_HISTORY),
  };
}

function toLeaseStates(reply: readonly number[]): LeaseState[] {
  return reply.map((state) => LEASE_STATES[state] as LeaseState);
}

function outcomeArgs(outcome: Finish['outcome']): [status: string, payload: string, delayMs: number] {
  switch (outcome.status) {
    case 'succeeded':
      return [outcome.status, outcome.output ?? '', 0];
    case 'failed':
      return [outcome.status, outcome.error, 0];
    case 'canceled':
      return [outcome.status, '', 0];
    case 'retry':
      return [outcome.status, outcome.error, outcome.delayMs];
  }
}

function turnoverSize(item: Turnover): number {
  if (!isFinish(item) || item.finish.outcome.status !== 'succeeded') return 0;
  return item.finish.outcome.output?.length ?? 0;
}

function spawnArgs({ runId, token, step, child, awaited }: SpawnChild): (string | number)[] {
  const [id, workflow, queue, maxAttempts, input, , , idempotency, key, ttl] = enqueueArgs(child);
  return [
    ...[runId, token, step.name, encodeStep(step), awaited ? '1' : ''],
    ...[id, workflow, queue, maxAttempts, input, idempotency, key, ttl],
  ] as (string | number)[];
}

function toSpawned(reply: readonly (string | number)[]): SpawnedChild | 'cancel_requested' | 'lost' {
  const [state, id, now, status, payload] = reply as [number, string, string, string, string];
  if (state !== 1) return state === 2 ? 'cancel_requested' : 'lost';
  const outcome = status === '' ? undefined : { status: status as TerminalStatus, payload: payload || undefined };
  return { id, now: Number(now), outcome };
}
