import { createClient, examine, type RedflowClient, type RunState } from '../../../lib/index.js';
import type { TimedEntry } from './journal.js';
import { judgeSteps, type StepFigures } from './step-verdict.js';
import { expectedSum } from './workflows.js';

export interface Figures extends StepFigures {
  readonly runs: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly refused: number;
}

export interface Verdict {
  readonly problems: readonly string[];
  readonly figures: Figures;
}

export interface Evidence {
  readonly url: string;
  readonly prefix: string;
  readonly journal: readonly TimedEntry[];
}

/** Compares what the journal tells with what Redis holds, after everything has come to rest. */
export async function judge({ url, prefix, journal }: Evidence): Promise<Verdict> {
  const client = createClient({ connection: url, prefix });
  try {
    const runs = await allRuns(client);
    const report = await examine({ connection: url, prefix, leaseGraceMs: 0 });
    const steps = judgeSteps(journal);
    const problems = [
      ...judgeAccepted(journal, runs),
      ...[...runs.values()].flatMap(judgeRun),
      ...steps.problems,
      ...judgeProcesses(journal),
      ...report.violations.map(({ code, subject, detail }) => `doctor: ${code} ${subject}: ${detail}`),
    ];
    const refused = journal.filter(({ event }) => event === 'refused').length;
    const figures = { runs: runs.size, byStatus: report.runsByStatus, refused, ...steps.figures };
    return { problems, figures };
  } finally {
    await client.close();
  }
}

async function allRuns(client: RedflowClient): Promise<Map<string, RunState>> {
  const runs = new Map<string, RunState>();
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await client.listRuns({ limit: 1_000, cursor });
    for (const run of page.runs) runs.set(run.id, run);
    cursor = page.nextCursor;
  }
  return runs;
}

function judgeAccepted(journal: readonly TimedEntry[], runs: ReadonlyMap<string, RunState>): string[] {
  const problems: string[] = [];
  const runOfKey = new Map<string, string>();
  for (const entry of journal) {
    if (entry.event !== 'accepted') continue;
    if (!runs.has(entry.run)) problems.push(`lost: run ${entry.run} of key ${entry.key} was accepted`);
    const first = runOfKey.get(entry.key) ?? entry.run;
    runOfKey.set(entry.key, first);
    if (first !== entry.run) problems.push(`key ${entry.key} gave two runs: ${first} and ${entry.run}`);
  }
  const keys = new Set<string>();
  for (const { idempotencyKey, workflow } of runs.values()) {
    const key = `${workflow} ${idempotencyKey}`;
    if (keys.has(key)) problems.push(`two runs have the key ${key}`);
    keys.add(key);
  }
  return problems;
}

function judgeRun(run: RunState): string[] {
  const subject = `run ${run.id} (${run.workflow})`;
  if (run.status === 'canceled')
    return run.cancelRequestedAt === undefined ? [`${subject} was canceled by nobody`] : [];
  if (run.status !== 'succeeded') {
    // A child may be canceled on its own, and its parent fails by it: nothing else fails in a storm.
    if (run.status === 'failed' && run.error?.kind === 'canceled') return [];
    return [`${subject} ended as ${run.status}: ${run.error?.kind} ${run.error?.message}`];
  }
  const expected = expectedSum(run.input as { steps: number; value: number });
  const attempts = run.workflow === 'retried' ? 3 : 1;
  const problems = [];
  if (run.output !== expected) problems.push(`${subject} gave ${String(run.output)}, must be ${expected}`);
  if (run.attempt !== attempts) problems.push(`${subject} took ${run.attempt} attempts, must be ${attempts}`);
  return problems;
}

function judgeProcesses(journal: readonly TimedEntry[]): string[] {
  return journal.flatMap((entry) =>
    entry.event === 'refused' && entry.what.startsWith('unhandled rejection')
      ? [`process ${entry.pid}: ${entry.what}`]
      : [],
  );
}
