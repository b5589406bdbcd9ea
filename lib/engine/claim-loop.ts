import { performance } from 'node:perf_hooks';
import { ConnectionError } from '../core/errors/connection.error.js';
import { newToken } from '../core/run-id.js';
import type { Claim, ClaimedRun, ClaimRequest, HandedRun, WorkerStore } from '../core/store.js';
import type { IdleBell } from './idle-bell.js';
import type { Logger } from './logger.js';
import { Service } from './service.js';
import type { Slots } from './slots.js';
import type { Turnstile } from './turnstile.js';

export interface ClaimLoopParts {
  readonly store: WorkerStore;
  readonly bell: IdleBell;
  readonly slots: Slots;
  readonly turnstile: Turnstile;
  readonly queues: readonly string[];
  readonly leaseMs: number;
  readonly logger: Logger;
  /** Executes what was claimed. */
  readonly onClaim: (claim: Claim, leaseUntil: number) => void;
  /** Takes care of runs that no worker knew; true where there are now some to claim. */
  readonly adopt: (limit: number) => Promise<boolean>;
  /** Makes a run ready again for anybody. */
  readonly giveBack: (run: ClaimedRun) => Promise<unknown>;
}

// It costs writes for each.
const MOST_QUEUES_TO_STAND_BY = 16;
// As many as a claim takes runs: it costs Redis and the worker to have all of a thousand named again and again.
const QUEUES_OF_A_PART = 100;

/** When a claim was sent (monotonic), and the time of the store when it came. */
interface Standing {
  readonly sentAt: number;
  readonly now: number;
}

/**
 * Claims runs as slots come free, one call at a time. Where there is nothing to claim it waits for the bell, and stands
 * by with a slot: a start may hand it a run under the token of its claim, which saves the claim that would follow.
 */
export class ClaimLoop {
  readonly #service: Service;
  readonly #id = newToken();
  /** Names the claim until its answer has arrived, so that a repeated claim gives the same runs. */
  #token = newToken();
  /** Under which it may be handed a run; then that of the next claim. */
  #standbyToken = newToken();
  #firstQueue = 0;
  /** Whether the next claim looks at a part of the queues: while there is always more to claim. */
  #looksAtPart = false;
  /** Runs of the last claim that found some. */
  #lastFound = 0;
  #heard: string | undefined;
  #standing: Standing | undefined;
  /** The slot for the run that it may be handed: from the claim that stands by until one that does not. */
  #keepsSlot = false;
  #withdrawing: Promise<void> | undefined;

  constructor(private readonly parts: ClaimLoopParts) {
    this.#service = new Service('claims', () => this.#turn(), parts.logger);
  }

  /** Monotonic time of the begin of the last turn, in ms. */
  get turnBegunAt(): number {
    return this.#service.turnBegunAt;
  }

  /** Whether it has a turn to take: for a slot that is free, or for the one that it keeps. */
  get isClaiming(): boolean {
    return this.parts.slots.isOpen || this.#keepsSlot;
  }

  start(): void {
    this.#service.start();
  }

  /** Once it resolves nothing more is claimed, nor handed over; what was handed over meanwhile is given back. */
  async stop(): Promise<void> {
    await this.#service.stop();
    this.#withdrawing ??= this.#withdraw();
    await this.#withdrawing;
  }

  /** One claim; then waits for what makes another worthwhile. */
  async #turn(): Promise<number> {
    const { slots, bell, turnstile, onClaim, adopt } = this.parts;
    // Who has heard the bell is the only one: it must look, whoever listens by now.
    if (this.#heard === undefined && !this.#keepsSlot && bell.isHeard && !slots.hasMore) {
      await slots.whenMore();
      return 0;
    }
    if (!this.isClaiming) {
      await slots.whenFree();
      return 0;
    }
    const limit = this.#reserve();
    let taken = 0;
    try {
      const { claim, leaseUntil } = await this.#claim(limit);
      taken = claim.runs.length;
      this.#lookOn(claim, claim.more || taken === limit);
      await turnstile.enter();
      onClaim(claim, leaseUntil);
      if (claim.orphans && (await adopt(limit - taken))) return 0;
    } finally {
      slots.release(limit - taken - (this.#keepsSlot ? 1 : 0));
    }
    if (slots.hasMore) bell.leave(this.#id);
    else await this.#listen();
    return 0;
  }

  #reserve(): number {
    const { slots } = this.parts;
    return (this.#keepsSlot ? 1 : 0) + (slots.isOpen ? slots.reserve() : 0);
  }

  async #claim(limit: number): Promise<{ claim: Claim; leaseUntil: number }> {
    const { store, leaseMs } = this.parts;
    const standBy = this.#standBy();
    // Until its answer has arrived, it may have been handed a run.
    if (standBy) this.#keepsSlot = true;
    // The lease runs from when the store got the call, which is not before it was sent.
    const sentAt = performance.now();
    const request = { workerId: this.#id, token: this.#token, queues: this.#nextQueues(), limit, leaseMs, standBy };
    try {
      const claim = await store.claim(request);
      this.#settle(claim.standsBy ? { sentAt, now: claim.now } : undefined);
      this.#heard = undefined;
      if (claim.runs.length > 0) this.#lastFound = claim.runs.length;
      return { claim, leaseUntil: sentAt + leaseMs };
    } catch (error) {
      // Without an answer the same claim is repeated; one that was refused is over.
      if (error instanceof ConnectionError && error.refused) this.#settle(undefined);
      if (!this.#keepsSlot) this.parts.bell.leave(this.#id);
      throw error;
    }
  }

  // Where runs come together it would be handed the first, and claim the others: two calls for what one claim takes.
  #standBy(): ClaimRequest['standBy'] {
    const { bell, queues } = this.parts;
    if (this.#lastFound > 1 || queues.length > MOST_QUEUES_TO_STAND_BY) return undefined;
    const presence = bell.standBy(this.#id);
    return presence === undefined ? undefined : { token: this.#standbyToken, presence };
  }

  // The next claim has the token under which this one stands by.
  #settle(standing: Standing | undefined): void {
    this.#standing = standing;
    this.#keepsSlot = standing !== undefined;
    this.#token = standing ? this.#standbyToken : newToken();
    this.#standbyToken = newToken();
  }

  async #listen(): Promise<void> {
    const heard = await this.parts.bell.wait(this.#id, this.parts.queues);
    if (heard === undefined) return;
    if ('queue' in heard) this.#heard = heard.queue;
    else this.#take(heard.handed);
  }

  // What a repeated claim has given before its message came is known by its token.
  #take({ run, now }: HandedRun): void {
    const standing = this.#standing;
    if (!standing || run.token !== this.#token) return;
    const { leaseMs, onClaim } = this.parts;
    this.#settle(undefined);
    const leaseUntil = Math.min(performance.now(), standing.sentAt + Math.max(0, now - standing.now)) + leaseMs;
    // Of a worker that was frozen meanwhile: it is recovered.
    if (leaseUntil < performance.now()) return;
    onClaim({ runs: [run], now, more: false, standsBy: false, orphans: false }, leaseUntil);
  }

  // A claim for nothing ends the standing by. Under both tokens, as the last claim may have got no answer. What cannot be
  // asked for is recovered when its lease has expired.
  async #withdraw(): Promise<void> {
    if (!this.#keepsSlot) return;
    const { store, leaseMs, slots, giveBack } = this.parts;
    for (const token of [this.#token, this.#standbyToken]) {
      const request = { workerId: this.#id, token, queues: [], limit: 0, leaseMs };
      const claim = await store.claim(request).catch(() => undefined);
      await Promise.all(claim?.runs.map(giveBack) ?? []);
    }
    this.#keepsSlot = false;
    slots.release();
  }

  // Each claim begins with another queue, so that the backlog of one does not starve the others: with the one that has
  // rung, where there is one, as others are not told of it.
  #nextQueues(): readonly string[] {
    const { queues } = this.parts;
    if (queues.length < 2) return queues;
    const heard = this.#heard === undefined ? -1 : queues.indexOf(this.#heard);
    if (heard >= 0) this.#firstQueue = heard;
    const inOrder = [...queues.slice(this.#firstQueue), ...queues.slice(0, this.#firstQueue)];
    return this.#looksAtPart ? inOrder.slice(0, QUEUES_OF_A_PART) : inOrder;
  }

  // Whether there is more, and where the next claim looks: behind the last queue that had something; where a part of them had
  // too little, at all.
  #lookOn({ runs }: Claim, isFull: boolean): void {
    const { queues, slots } = this.parts;
    slots.hasMore = isFull || this.#looksAtPart;
    const lastQueue = runs.at(-1)?.queue;
    const last = lastQueue === undefined ? -1 : queues.indexOf(lastQueue);
    this.#firstQueue = ((last >= 0 ? last : this.#firstQueue) + 1) % Math.max(queues.length, 1);
    this.#looksAtPart = isFull && queues.length > QUEUES_OF_A_PART;
  }
}
