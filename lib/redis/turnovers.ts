import type { Retention } from '../core/retention.js';
import type { Claim, ClaimedRun, ClaimRequest, Finish, FinishResult } from '../core/store.js';
import { Batcher } from './batcher.js';
import type { Keyspace } from './keys.js';
import type { RedisLink } from './link.js';
import { isStatus, optionalNumber, toFields, toHistory } from './records.js';
import { cascade, retentionArgs } from './redis-run-store.js';
import { strangeReply } from './script.js';
import { SCRIPTS, type ClaimReply } from './scripts.js';

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
  for (const { finish } of writes) {
    const [status, payload, delayMs] = outcomeArgs(finish.outcome);
    args.push(finish.runId, finish.token, status, payload, delayMs);
  }
  return args;
}

function toFinishResults(reply: unknown, { length }: readonly FinishWrite[]): FinishResult[] {
  const isResult = (word: string): boolean => word === 'lost' || isStatus(word);
  if (!Array.isArray(reply) || reply.length !== length || !reply.every(isResult)) throw strangeReply('finish');
  return reply as FinishResult[];
}

const ENTRIES_PER_RUN = 9;

function toClaim(
  [now, nextDue, more, standsBy, orphans, nextDeadline, entries]: readonly [...ClaimReply, ...unknown[]],
  { token }: ClaimRequest,
): Claim {
  if (!Array.isArray(entries) || entries.length % ENTRIES_PER_RUN !== 0) throw strangeReply('claim');
  const runs: ClaimedRun[] = [];
  const claim = {
    now: Number(now),
    nextDueAt: optionalNumber(nextDue),
    more: more === 1,
    standsBy: standsBy === 1,
    orphans: orphans === 1,
    nextDeadline: optionalNumber(nextDeadline),
    runs,
  };
  for (let i = 0; i < entries.length; i += ENTRIES_PER_RUN) runs.push(toClaimedRun(entries, i, token, claim.now));
  return claim;
}

const NO_HISTORY = { steps: [], outcomes: [] } as const;

function toClaimedRun(entries: ClaimReply[6], at: number, token: string, now: number): ClaimedRun {
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
