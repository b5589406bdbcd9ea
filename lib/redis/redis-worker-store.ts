import type { Retention } from '../core/retention.js';
import type {
  Claim,
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
import { encodeStep, FAILURE_FIELD, optionalNumber, stepField, toOutcome } from './records.js';
import { cascade, enqueueArgs, retentionArgs } from './redis-run-store.js';
import { strangeReply } from './script.js';
import { SCRIPTS } from './scripts.js';
import { Turnovers } from './turnovers.js';

/** Bounds of one call, so that no script holds Redis up. */
const MAX_SCAN = 200;
const MAX_WRITES = 100;
const MAX_PROMOTED = 500;
const MAX_SWEPT = 100;

const LEASE_STATES: readonly LeaseState[] = ['lost', 'held', 'cancel_requested'];

interface FieldWrite extends Ownership {
  readonly field: string;
  readonly value: string;
}

export class RedisWorkerStore implements WorkerStore {
  readonly #writes: Batcher<FieldWrite, LeaseState>;
  readonly #turnovers: Turnovers;
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
    this.#turnovers = new Turnovers(keys, link);
    this.#children = new Batcher({
      maxItems: MAX_WRITES,
      sizeOf: ({ child }) => child.input?.length ?? 0,
      send: (children) => this.#sendChildren(children),
    });
  }

  claim(request: ClaimRequest): Promise<Claim> {
    return this.#turnovers.claim(request);
  }

  async extendLeases({ runs, leaseMs }: { runs: readonly Ownership[]; leaseMs: number }): Promise<LeaseState[]> {
    const args = [leaseMs, ...runs.flatMap(({ runId, token }) => [runId, token])];
    return toLeaseStates('extend-leases', await SCRIPTS.extendLeases.call(this.link, this.keys.root, args));
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
    return this.#turnovers.finish(finish, retention);
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
    const [removed, more] = await SCRIPTS.expire.call(this.link, this.keys.root, [MAX_SWEPT]);
    return { removed, more: more === 1 };
  }

  async #sendWrites(writes: readonly FieldWrite[]): Promise<LeaseState[]> {
    const args = writes.flatMap(({ runId, token, field, value }) => [runId, token, field, value]);
    return toLeaseStates('record-steps', await SCRIPTS.recordSteps.call(this.link, this.keys.root, args));
  }

  async #sendChildren(spawns: readonly SpawnChild[]): Promise<(SpawnedChild | 'cancel_requested' | 'lost')[]> {
    const reply = await SCRIPTS.spawnChildren.call(this.link, this.keys.root, spawns.flatMap(spawnArgs));
    return spawns.map((_, index) => toSpawned(reply.slice(index * 5, index * 5 + 5)));
  }
}

function toLeaseStates(script: string, reply: readonly number[]): LeaseState[] {
  return reply.map((code) => {
    const state = LEASE_STATES[code];
    if (!state) throw strangeReply(script);
    return state;
  });
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
