import type { EngineContext, QueueCounts, WorkKind } from '../engine.js';
import type { QueueSet } from './queue-set.js';

export interface EnqueueRequest extends QueueSet {
  /** Of all the queues: each gets the same share. */
  readonly count: number;
  readonly bytes?: number;
  readonly steps?: number;
  readonly children?: number;
  /** Runs per call of the engine's bulk API; 0: one by one, to one queue. */
  readonly bulk?: number;
  /** Calls that wait at once where runs are sent one by one. */
  readonly inFlight?: number;
  /** All fall due then, by the shared clock. */
  readonly dueAt?: number;
}

export interface Sent {
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface WaitRequest {
  readonly queue: string;
  readonly count: number;
  /** Callers that wait at once. */
  readonly callers: number;
  readonly steps?: number;
  readonly pauseMs?: number;
}

export interface WorkRequest extends QueueSet {
  /** Per queue. */
  readonly concurrency: number;
  readonly kind?: WorkKind;
  readonly cron?: string;
  /** Runs beyond so many begin, but do not end before the worker is stopped. */
  readonly limit?: number;
}

export interface CompletionRequest extends QueueSet {
  /** Of all the queues: each has the same share. */
  readonly count: number;
}

export interface Progress {
  readonly started: number;
  readonly finished: number;
  readonly firstStartAt: number;
  readonly lastFinishedAt: number;
}

export interface Usage {
  readonly cpuUs: number;
  readonly rssBytes: number;
}

/** What a child process does when told to. */
export interface ChildCalls {
  open(request: { readonly module: string; readonly context: EngineContext }): Promise<void>;
  enqueue(request: EnqueueRequest): Promise<Sent>;
  /** Each caller sends a run and waits for its result, again and again. Durations in ms. */
  sendAndWait(request: WaitRequest): Promise<Sent & { readonly durations: number[] }>;
  counts(queue: string): Promise<QueueCounts>;
  /** Resolves once each queue counts its share as completed. */
  whenCompleted(request: CompletionRequest): Promise<void>;
  startWorker(request: WorkRequest): Promise<void>;
  progress(): Promise<Progress>;
  /** From `sentAt` of the payload until its handler began, in ms. */
  delays(): Promise<number[]>;
  stopWorker(): Promise<void>;
  usage(): Promise<Usage>;
  close(): Promise<void>;
}

export interface CallMessage {
  readonly id: number;
  readonly call: keyof ChildCalls;
  readonly argument: unknown;
}

export interface AnswerMessage {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}
