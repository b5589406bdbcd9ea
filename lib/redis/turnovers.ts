import type { Retention } from '../core/retention.js';
import type { Claim, ClaimRequest, Finish, FinishResult } from '../core/store.js';
import { Batcher } from './batcher.js';
import { toClaim } from './claim-reply.js';
import type { Keyspace } from './keys.js';
import type { RedisLink } from './link.js';
import { isStatus } from './records.js';
import { cascade, retentionArgs } from './redis-run-store.js';
import { strangeReply } from './script.js';
import { SCRIPTS } from './scripts.js';

/** Bounds of one call, so that no script holds Redis up. */
const MAX_CLAIM = 100;
const MAX_SCAN = 200;
const MAX_WRITES = 100;
// They are small, and travel with so many ends instead of in a call of their own.
const CLAIMS = 2;

interface FinishWrite {
  readonly finish: Finish;
  readonly retention: Retention;
}

type Turnover = FinishWrite | ClaimRequest;

/** What a worker asks for when runs end: that they are stored, and others in their place. Both travel in one call. */
export class Turnovers {
  readonly #batcher: Batcher<Turnover, FinishResult | Claim>;

  constructor(
    private readonly keys: Keyspace,
    private readonly link: RedisLink,
  ) {
    this.#batcher = new Batcher({ maxItems: MAX_WRITES + CLAIMS, sizeOf, send: (items) => this.#send(items) });
  }

  claim(request: ClaimRequest): Promise<Claim> {
    return this.#batcher.add(request) as Promise<Claim>;
  }

  finish(finish: Finish, retention: Retention): Promise<FinishResult> {
    return this.#batcher.add({ finish, retention }) as Promise<FinishResult>;
  }

  // The first claim rides with what has ended; a second one of the same turn goes beside.
  async #send(items: readonly Turnover[]): Promise<(FinishResult | Claim)[]> {
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
    const results = toFinishResults(reply[7], finishes);
    // Nobody renews the leases of what was claimed before it is handed over: it must not wait for a large family.
    void this.#cascade(results, finishes);
    return { results, claim: toClaim(reply, request) };
  }

  async #sendFinishes(finishes: readonly FinishWrite[]): Promise<FinishResult[]> {
    const args = finishArgs(finishes);
    const results = toFinishResults(await SCRIPTS.finish.call(this.link, this.keys.root, args), finishes);
    await this.#cascade(results, finishes);
    return results;
  }

  // What fails here is done by the next tidying.
  async #cascade(results: readonly FinishResult[], [first]: readonly FinishWrite[]): Promise<void> {
    if (!first || !results.includes('canceled')) return;
    await cascade(this.link, this.keys, first.retention.canceled).catch(() => undefined);
  }
}

function isFinish(item: Turnover): item is FinishWrite {
  return 'finish' in item;
}

function claimArgs({ workerId, token, leaseMs, limit, queues, standBy }: ClaimRequest): (string | number)[] {
  return [
    workerId,
    token,
    leaseMs,
    Math.min(limit, MAX_CLAIM),
    MAX_SCAN,
    standBy?.presence ?? '',
    standBy?.token ?? '',
    ...queues,
  ];
}

// The retention is that of the worker: the same for every item of a call.
function finishArgs(writes: readonly FinishWrite[]): (string | number)[] {
  const { succeeded, failed, canceled } = (writes[0] as FinishWrite).retention;
  const args: (string | number)[] = [succeeded, failed, canceled].flatMap(retentionArgs);
  let former: Finish | undefined;
  for (const { finish } of writes) {
    const { runId, token, workflow, outcome } = finish;
    const [status, payload, delayMs] = outcomeArgs(outcome);
    // What most have in common is not said again.
    if (status === 'succeeded' && token === former?.token && workflow === former.workflow)
      args.push('=', runId, payload);
    else args.push(status, runId, token, workflow, payload, delayMs);
    former = finish;
  }
  return args;
}

/** Each has the status that it was to have, but for those that the reply names. */
function toFinishResults(reply: unknown, writes: readonly FinishWrite[]): FinishResult[] {
  if (!Array.isArray(reply) || reply[0] !== writes.length || reply.length % 2 === 0) throw strangeReply('finish');
  const results = writes.map(({ finish }) => finish.outcome.status as FinishResult);
  for (let i = 1; i < reply.length; i += 2) {
    const [place, status] = reply.slice(i, i + 2) as [number, string];
    if (results[place] === undefined || !(status === 'lost' || isStatus(status))) throw strangeReply('finish');
    results[place] = status;
  }
  return results;
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

function sizeOf(item: Turnover): number {
  if (!isFinish(item) || item.finish.outcome.status !== 'succeeded') return 0;
  return item.finish.outcome.output?.length ?? 0;
}
