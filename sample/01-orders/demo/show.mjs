import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, RunCanceledError, RunFailedError, TimeoutError } from '@redflow/nestjs';
import { launchRedis } from '@redflow/nestjs/testing';
import { audit, leftOver } from './audit.mjs';
import { crash } from './crash.mjs';
import { FickleCustomer } from './customer.mjs';
import { feed } from './feed.mjs';
import { Progress } from './progress.mjs';
import { accounts } from './provider.mjs';
import { report } from './report.mjs';
import { Stage } from './stage.mjs';

const FEEDERS = 16;
const RUNS_DEADLINE_MS = 90_000;
const REVERSALS_DEADLINE_MS = 20_000;

/** The demo itself, once everything is built. Gives whether every rule holds. */
export async function show(cleanup) {
  const began = Date.now();
  const redis = await launchRedis();
  cleanup.add(() => redis.close());
  const prefix = `redflow-demo-${randomUUID().slice(0, 8)}`;
  console.log(`Redis: ${redis.source}, prefix ${prefix}`);
  const stage = await Stage.open({ redisUrl: redis.url, prefix, cleanup });
  const client = createClient({ connection: redis.url, prefix });
  cleanup.add(() => client.close());

  const evidence = await Promise.race([perform(stage, client), stage.crashed]);
  return report({ evidence, verdict: audit(evidence), seconds: (Date.now() - began) / 1_000 });
}

async function perform(stage, client) {
  const lines = (await readData('orders.jsonl')).trimEnd().split('\n');
  const expected = JSON.parse(await readData('orders.expected.json'));
  const progress = new Progress(expected.accepted);
  const [interrupted, answers] = await Promise.all([
    progress.reached(expected.accepted / 2).then(() => crashOneWorker(stage, progress)),
    fulfil({ stage, client, lines, progress }),
  ]);
  const runs = await allOrders(client);
  progress.note('Waiting for the sweep to reverse what was canceled …');
  const ledger = await reversed(stage.provider, runs);
  const story = await storyOf(
    stage,
    runs.find((run) => interrupted.includes(run.input.id) && run.status === 'succeeded'),
  );
  return { expected, answers, runs, interrupted, story, ...ledger };
}

/** Sends every line, cancels some of the orders, and waits for the end of all; gives the answers. */
async function fulfil({ stage, client, lines, progress }) {
  const customer = new FickleCustomer(stage.api);
  const endings = [];
  const answers = await feed({
    api: stage.api,
    lines,
    concurrency: FEEDERS,
    onAnswer({ created, runId }) {
      progress.sent();
      if (!created) return;
      customer.placed(runId);
      const ended = ending(client, runId).then(() => customer.ended(progress.ended()));
      ended.catch(() => undefined); // heard of below
      endings.push(ended);
    },
  });
  await Promise.all(endings);
  await customer.answered();
  progress.done();
  return answers;
}

async function crashOneWorker(stage, progress) {
  const victim = stage.workers[0];
  const interrupted = await crash(victim, stage.provider);
  progress.note(`Killed ${victim.name} (kill -9) with ${interrupted.length} orders in its hands; another one starts.`);
  await stage.addWorker();
  return interrupted;
}

/** Resolves when the run has ended, in whatever way, or when it takes too long; the audit looks at how. */
async function ending(client, runId) {
  try {
    await client.getHandle(runId).result({ timeoutMs: RUNS_DEADLINE_MS });
  } catch (error) {
    if (![RunFailedError, RunCanceledError, TimeoutError].some((kind) => error instanceof kind)) throw error;
  }
}

async function allOrders(client) {
  const runs = [];
  let cursor;
  do {
    const page = await client.listRuns({ workflow: 'order', limit: 200, cursor });
    runs.push(...page.runs);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return runs;
}

/** The ledger, as soon as nothing is left of the orders that did not succeed; or as it is after a while. */
async function reversed(provider, runs) {
  const unsuccessful = runs.filter((run) => run.status !== 'succeeded');
  for (const deadline = Date.now() + REVERSALS_DEADLINE_MS; ; await delay(100)) {
    const ledger = await provider.ledger();
    const books = accounts(ledger.entries);
    const clean = unsuccessful.every((run) => leftOver(books(run.input.id)).length === 0);
    if (clean || Date.now() > deadline) return ledger;
  }
}

/** A run as the API tells it, with its steps. */
async function storyOf(stage, run) {
  const response = await fetch(`${stage.api}/orders/${run?.id}`);
  return response.ok ? response.json() : undefined;
}

function readData(name) {
  return readFile(new URL(`../data/${name}`, import.meta.url), 'utf8');
}
