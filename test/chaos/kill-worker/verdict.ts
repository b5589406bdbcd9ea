import { examine, type RedflowClient, type RunState } from '../../../lib/index.js';
import type { JournalEvent } from './journal.js';
import type { Kill } from './experiment.js';
import { expectedValue, hasLabel, STEPS, type ParcelInput, type StepOutput } from './workflows.js';

export interface Evidence {
  readonly inputs: ReadonlyMap<string, ParcelInput>;
  readonly kills: readonly Kill[];
  readonly midStep: number;
  readonly events: readonly JournalEvent[];
}

export interface Figures {
  readonly kills: number;
  readonly killsInTheMiddleOfAStep: number;
  readonly runs: number;
  readonly children: number;
  readonly steps: number;
  /** Steps that were stored at the moment of a kill while their run was still going on. */
  readonly storedStepsAtRisk: number;
  /** Executions of steps beyond the first: all of them interrupted before. */
  readonly executedAgain: number;
  /** Of those, by the same worker: it had lost its lease, as a machine under load may cause. */
  readonly executedAgainByTheSameWorker: number;
  /** From when the next worker got to work; a lease has to expire first. */
  readonly medianMsUntilRecovery: number;
  readonly longestMsUntilRecovery: number;
}

export interface Verdict {
  readonly figures: Figures;
  readonly violations: readonly string[];
}

/** Every run, children included. */
export async function allRuns(client: RedflowClient): Promise<RunState[]> {
  const runs: RunState[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listRuns({ limit: 1_000, cursor });
    runs.push(...page.runs);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return runs;
}

export async function judge(
  evidence: Evidence,
  client: RedflowClient,
  options: { readonly connection: string; readonly prefix: string },
): Promise<Verdict> {
  const runs = await allRuns(client);
  const violations = [
    ...checkNothingLost(evidence, runs),
    ...runs.flatMap((run) => checkRun(run)),
    ...(await checkSteps(evidence, runs, client)),
    ...checkStoredStepsStay(evidence),
    ...checkMemos(evidence.events),
  ];
  const { violations: found } = await examine({ ...options, leaseGraceMs: 0 });
  violations.push(...found.map(({ code, subject, detail }) => `doctor: ${code} ${subject}: ${detail}`));
  return { figures: figures(evidence, runs), violations };
}

function checkNothingLost({ inputs }: Evidence, runs: readonly RunState[]): string[] {
  const known = new Set(runs.map(({ id }) => id));
  const lost = [...inputs.keys()].filter((id) => !known.has(id)).map((id) => `run ${id} is lost`);
  const children = runs.filter(({ workflow }) => workflow === 'label');
  const expected = [...inputs.values()].filter(hasLabel).length;
  if (children.length !== expected) lost.push(`${children.length} children instead of ${expected}`);
  if (runs.length !== inputs.size + children.length)
    lost.push(`${runs.length} runs instead of ${inputs.size + children.length}`);
  return lost;
}

function checkRun({ id, workflow, status, attempt, input, output }: RunState): string[] {
  const violations: string[] = [];
  if (status !== 'succeeded') violations.push(`run ${id} is ${status}`);
  if (attempt !== 1) violations.push(`run ${id} is at attempt ${attempt}`);
  if (status === 'succeeded' && !isRight(workflow, input as ParcelInput, output)) {
    violations.push(`run ${id} has the output ${JSON.stringify(output)}`);
  }
  return violations;
}

function isRight(workflow: string, input: ParcelInput, output: unknown): boolean {
  const values = (outputs: readonly StepOutput[] | null) => outputs?.map(({ value }) => value).join();
  const expected = (names: readonly string[]) => names.map((name) => expectedValue(input, name)).join();
  if (workflow === 'label') return values(output as StepOutput[]) === expected(STEPS.label);
  const { steps, label } = output as { steps: StepOutput[]; label: StepOutput[] | null };
  return (
    values(steps) === expected(STEPS.parcel) && values(label) === (hasLabel(input) ? expected(STEPS.label) : undefined)
  );
}

/** What Redis has as the result of a step is what an execution has given that ran to its end. */
async function checkSteps({ events }: Evidence, runs: readonly RunState[], client: RedflowClient): Promise<string[]> {
  const violations: string[] = [];
  const given = new Set(
    events.filter(({ event }) => event === 'done').map((e) => `${e.run}/${e.step}/${JSON.stringify(e.output)}`),
  );
  for (const { id, workflow, input } of runs) {
    const steps = await client.getRunSteps(id);
    const names = [
      ...STEPS[workflow as keyof typeof STEPS],
      ...(workflow === 'parcel' && hasLabel(input as ParcelInput) ? ['label'] : []),
    ];
    if (
      steps
        .map(({ name }) => name)
        .sort()
        .join() !== [...names].sort().join()
    ) {
      violations.push(`run ${id} has the steps ${steps.map(({ name }) => name).join()}`);
    }
    if (new Set(steps.map(({ seq }) => seq)).size !== steps.length)
      violations.push(`run ${id} has steps of one order number`);
    for (const { name, status, output } of steps) {
      if (status !== 'succeeded') violations.push(`step ${id}/${name} is ${status}`);
      else if (name !== 'label' && !given.has(`${id}/${name}/${JSON.stringify(output)}`)) {
        violations.push(`step ${id}/${name} has an output that no execution gave: ${JSON.stringify(output)}`);
      }
    }
  }
  return violations;
}

/** A step that was stored does not begin again: as Redis said after a kill, and as its worker knew. */
function checkStoredStepsStay({ events, kills }: Evidence): string[] {
  const violations: string[] = [];
  const stored = new Set<string>();
  let nextKill = 0;
  events.forEach(({ event, run, step }, index) => {
    for (; (kills[nextKill]?.events ?? Infinity) <= index; nextKill++) {
      for (const durable of kills[nextKill]?.stored ?? []) stored.add(durable);
    }
    const name = `${run}/${step}`;
    if (event === 'begun' && stored.has(name)) violations.push(`step ${name} began again after it was stored`);
    if (event === 'stored') stored.add(name);
  });
  return violations;
}

/** All calls of a step give the same result, in whatever execution of its run. */
function checkMemos(events: readonly JournalEvent[]): string[] {
  const first = new Map<string, string>();
  const violations: string[] = [];
  for (const { event, run, step, output } of events) {
    if (event !== 'stored') continue;
    const [name, text] = [`${run}/${step}`, JSON.stringify(output)];
    if ((first.get(name) ?? text) !== text) violations.push(`step ${name} gave ${first.get(name)}, then ${text}`);
    first.set(name, first.get(name) ?? text);
  }
  return violations;
}

function figures({ inputs, kills, midStep, events }: Evidence, runs: readonly RunState[]): Figures {
  const begun = events.filter(({ event }) => event === 'begun');
  const byStep = new Set(begun.map(({ run, step }) => `${run}/${step}`));
  const byWorker = new Set(begun.map(({ run, step, worker }) => `${run}/${step}/${worker}`));
  const recoveries = kills.map((kill) => recoveryMs(kill, events)).filter((ms) => ms !== undefined);
  recoveries.sort((a, b) => a - b);
  const finishedAt = new Map(runs.map((run) => [run.id, run.finishedAt ?? Infinity]));
  const atRisk = kills.flatMap(({ at, stored }) =>
    [...stored].filter((name) => (finishedAt.get(name.split('/')[0] ?? '') ?? 0) > at),
  );
  return {
    kills: kills.length,
    killsInTheMiddleOfAStep: midStep,
    runs: inputs.size,
    children: runs.length - inputs.size,
    steps: byStep.size,
    storedStepsAtRisk: atRisk.length,
    executedAgain: begun.length - byStep.size,
    executedAgainByTheSameWorker: begun.length - byWorker.size,
    medianMsUntilRecovery: recoveries[Math.floor(recoveries.length / 2)] ?? NaN,
    longestMsUntilRecovery: recoveries.at(-1) ?? NaN,
  };
}

/** Until one of the interrupted steps has begun again. */
function recoveryMs({ worker, successorAt, events: count }: Kill, events: readonly JournalEvent[]): number | undefined {
  const before = events.slice(0, count).filter((event) => event.worker === worker);
  const done = new Set(before.filter(({ event }) => event === 'done').map(({ run, step }) => `${run}/${step}`));
  const interrupted = new Set(before.map(({ run, step }) => `${run}/${step}`).filter((name) => !done.has(name)));
  const again = events
    .slice(count)
    .find(({ event, run, step }) => event === 'begun' && interrupted.has(`${run}/${step}`));
  return again && again.at - successorAt;
}
