import { isTerminal, RUN_TRANSITIONS, TERMINAL_STATUSES, type RunStatus } from '../../../lib/core/run.js';
import { RETENTION } from './setting.js';
import { openWaits, type Fields, type World } from './world.js';

/** What is looked at: runs that were spoilt on purpose are left out, and so is what only a sweep restores. */
export interface Scope {
  readonly spoilt: ReadonlySet<string>;
}

type Rule = (world: World, before: World | undefined, scope: Scope) => string[];

/** What is broken in the keyspace, one line each; nothing if all invariants hold. */
export function brokenInvariants(world: World, before: World | undefined, scope: Scope): string[] {
  const rules = scope.spoilt.size === 0 ? [...ALWAYS, slotsAreUsed] : ALWAYS;
  return rules.flatMap((rule) => rule(world, before, scope).map((line) => `${rule.name}: ${line}`));
}

function statusEqualsIndex(world: World, _before: World | undefined, scope: Scope): string[] {
  return eachRun(world, scope).flatMap(([id, run]) => {
    const expected = run['status'] === undefined ? [] : [`${run['workflow']} ${run['status']}`];
    const actual = [...world.index].flatMap(([workflow, statuses]) =>
      [...statuses].flatMap(([status, ids]) => (ids.includes(id) ? [`${workflow} ${status}`] : [])),
    );
    const listed = world.created.includes(id) === expected.length > 0;
    const agrees = listed && JSON.stringify(actual) === JSON.stringify(expected);
    return agrees ? [] : [`${id} is "${expected.join()}", indexed "${actual.join()}", ${listed ? '' : 'not '}listed`];
  });
}

function runningMeansLeased(world: World, _before: World | undefined, scope: Scope): string[] {
  return eachRun(world, scope).flatMap(([id, run]) =>
    (run['status'] === 'running') === world.leases.includes(id) ? [] : [`${id} is ${run['status'] ?? 'removed'}`],
  );
}

function holdersStayBelowTheLimit(world: World, before: World | undefined): string[] {
  return [...world.index].flatMap(([workflow, statuses]) => {
    const holders = statuses.get('running')?.length ?? 0;
    // A limit that was lowered is reached as runs end.
    const earlier = before?.index.get(workflow)?.get('running')?.length ?? 0;
    const limit = world.limits.get(workflow) ?? 1;
    return holders <= Math.max(limit, earlier) ? [] : [`${workflow}: ${holders} of ${limit}`];
  });
}

function queuedRunsAreInOnePlace(world: World, _before: World | undefined, scope: Scope): string[] {
  return eachRun(world, scope).flatMap(([id, run]) => {
    const places = placesOf(world, id, run);
    const expected = ['parked', 'orphans', `ready in ${run['queue']}`];
    const inOrder =
      run['status'] === 'queued'
        ? places.length === 1 && expected.includes(places[0] as string)
        : places.length === 0 || isOver(run);
    return inOrder ? [] : [`${id} is ${run['status']}, in [${places.join()}]`];
  });
}

function overRunsAreNotParked(world: World, _before: World | undefined, scope: Scope): string[] {
  return eachRun(world, scope).flatMap(([id, run]) =>
    isOver(run) && placesOf(world, id, run).includes('parked') ? [id] : [],
  );
}

function plannedMeansScheduled(world: World, _before: World | undefined, scope: Scope): string[] {
  return eachRun(world, scope).flatMap(([id, { status }]) => {
    const planned = world.scheduled.includes(id);
    return status === 'waiting' || planned === (status === 'scheduled') ? [] : [`${id} is ${status}`];
  });
}

function placesOf(world: World, id: string, run: Fields): string[] {
  const ready = [...world.ready].flatMap(([queue, ids]) => ids.map((each) => [each, `ready in ${queue}`] as const));
  const orphans = world.orphans.map((each) => [each, 'orphans'] as const);
  const parked = (world.parked.get(run['workflow'] ?? '') ?? []).map((each) => [each, 'parked'] as const);
  return [...ready, ...orphans, ...parked].filter(([each]) => each === id).map(([, place]) => place);
}

// Terminal or removed: what such a run leaves in a list is dropped when it is popped.
function isOver({ status }: Fields): boolean {
  return status === undefined || isTerminal(status as RunStatus);
}

/** Parked runs are there only while at least as many runs are ready as slots are free. */
function slotsAreUsed(world: World): string[] {
  return [...world.parked].flatMap(([workflow, parked]) => {
    const free = (world.limits.get(workflow) ?? 1) - (world.index.get(workflow)?.get('running')?.length ?? 0);
    const ready = [...world.ready.values()].flat().filter((id) => {
      const run = world.runs.get(id);
      return run?.['status'] === 'queued' && run['workflow'] === workflow;
    });
    return parked.length === 0 || free <= ready.length
      ? []
      : [`${workflow}: ${parked.length} parked, ${free} slots free, ${ready.length} ready`];
  });
}

function waitingRunsWillWake(world: World, _before: World | undefined, scope: Scope): string[] {
  return eachRun(world, scope).flatMap(([id, run]) => {
    if (run['status'] !== 'waiting' || world.scheduled.includes(id)) return [];
    const waits = openWaits(world, id);
    if (waits.some(({ childId }) => scope.spoilt.has(childId))) return [];
    const pending = waits.filter(({ childId, step }) => {
      const child = world.runs.get(childId);
      const linked = child?.['dependents']?.includes(`${id}:${Buffer.byteLength(step)}:${step}`);
      return linked && child?.['status'] && !isTerminal(child['status'] as RunStatus);
    });
    return waits.length > 0 && pending.length === waits.length ? [] : [`${id} waits for ${JSON.stringify(waits)}`];
  });
}

function childrenAreThoseAwaited(world: World, _before: World | undefined, scope: Scope): string[] {
  return [...world.children].flatMap(([id, children]) =>
    children
      .filter((child) => !scope.spoilt.has(child) && !scope.spoilt.has(id))
      .filter((child) => {
        const status = world.runs.get(child)?.['status'] as RunStatus | undefined;
        return status === undefined || isTerminal(status);
      })
      .map((child) => `${id} still has ${child}`),
  );
}

function terminalRunsAreSettled(world: World, _before: World | undefined, scope: Scope): string[] {
  return eachRun(world, scope).flatMap(([id, run]) => {
    const status = run['status'] as RunStatus | undefined;
    const terminal = status !== undefined && isTerminal(status);
    const planned = world.expiring.includes(`${run['workflow']}:${status}`);
    const settled = run['finishedAt'] !== undefined && run['runAt'] === undefined && planned;
    const open = run['finishedAt'] === undefined;
    return (terminal ? settled : open) ? [] : [`${id} is ${status}: ${JSON.stringify(run)}`];
  });
}

function historyIsLegal(world: World, before: World | undefined, scope: Scope): string[] {
  return eachRun(world, scope).flatMap(([id, run]) => {
    const earlier = before?.runs.get(id);
    if (!earlier?.['status']) return [];
    const from = earlier['status'] as RunStatus;
    const to = run['status'] as RunStatus | undefined;
    if (to === undefined) return isTerminal(from) || trims(world, earlier) ? [] : [`${id} was removed while ${from}`];
    const counted = Number(run['attempt'] ?? 0) >= Number(earlier['attempt'] ?? 0);
    return counted && reachable(from).has(to) ? [] : [`${id} went from ${from} to ${to}`];
  });
}

const ALWAYS: readonly Rule[] = [
  statusEqualsIndex,
  runningMeansLeased,
  holdersStayBelowTheLimit,
  queuedRunsAreInOnePlace,
  overRunsAreNotParked,
  plannedMeansScheduled,
  waitingRunsWillWake,
  childrenAreThoseAwaited,
  terminalRunsAreSettled,
  historyIsLegal,
];

function eachRun(world: World, { spoilt }: Scope): [string, Fields][] {
  return [...world.runs].filter(([id]) => !spoilt.has(id));
}

// A run that has ended may be removed at once, where as many of its workflow are kept already.
function trims(world: World, { workflow }: Fields): boolean {
  const index = world.index.get(workflow ?? '');
  return TERMINAL_STATUSES.some((status) => (index?.get(status)?.length ?? 0) >= RETENTION[status].count);
}

// One operation may take a run over several transitions.
function reachable(from: RunStatus): ReadonlySet<RunStatus> {
  const found = new Set<RunStatus>([from]);
  for (const status of found) for (const next of RUN_TRANSITIONS[status]) found.add(next);
  return found;
}
