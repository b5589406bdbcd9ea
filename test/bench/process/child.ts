import { loadEngine, type Engine } from '../engine.js';
import { Consumer } from './consumer.js';
import { enqueue, sendAndWait, whenCompleted } from './producer.js';
import type { AnswerMessage, CallMessage, ChildCalls } from './roles.js';

/*
 * A producer or a worker: holds one engine, and does what its parent tells it.
 */
let engine: Engine;
let consumer = new Consumer();

const calls: ChildCalls = {
  open: async ({ module, context }) => {
    engine = await (await loadEngine(module)).create(context);
    await engine.setup(context.role);
  },
  enqueue: (request) => enqueue(engine, request),
  sendAndWait: (request) => sendAndWait(engine, request),
  counts: (queue) => engine.counts(queue),
  whenCompleted: (request) => whenCompleted(engine, request),
  startWorker: (request) => {
    consumer = new Consumer();
    return consumer.start(engine, request);
  },
  progress: async () => consumer.progress(),
  delays: async () => consumer.delays,
  stopWorker: () => consumer.stop(),
  usage: async () => {
    const { user, system } = process.cpuUsage();
    return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() };
  },
  close: () => engine.close(),
};

async function answer({ id, call, argument }: CallMessage): Promise<AnswerMessage> {
  try {
    return { id, answer: await (calls[call] as (argument: unknown) => Promise<unknown>)(argument) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on('message', (message: CallMessage) => void answer(message).then((reply) => process.send?.(reply)));
process.on('disconnect', () => process.exit());
