import { isTerminal, type RunStatus } from '../../../lib/core/run.js';
import type { Simulation } from './simulation.js';
import type { World } from './world.js';

/** Remembers which runs must be canceled since their parents were. */
export class Children {
  readonly #owed = new Set<string>();

  constructor(private readonly simulation: Simulation) {}

  /** Children of canceled parents that go on, one line each. */
  forgotten(world: World, before: World): string[] {
    for (const id of before.runs.keys()) {
      if (this.#wasCanceled(id, world, before)) for (const child of ownChildren(before, id)) this.#owed.add(child);
    }
    // Recovery leaves it to the next call that cancels, or tidies.
    if (!/^tidy|: canceled$/.test(this.simulation.trace.last)) return [];
    const forgotten = [...this.#owed].filter((id) => goesOn(world, id) && !this.simulation.spoilt.has(id));
    this.#owed.clear();
    return forgotten.map((id) => `${id} goes on though its parent was canceled`);
  }

  #wasCanceled(id: string, world: World, before: World): boolean {
    if (this.simulation.keptChildren.has(id) || this.simulation.spoilt.has(id)) return false;
    const earlier = before.runs.get(id) ?? {};
    if (!earlier['status'] || isTerminal(earlier['status'] as RunStatus)) return false;
    const { status } = world.runs.get(id) ?? {};
    // Removed at once, where enough canceled runs are kept already.
    const requested = earlier['cancelRequestedAt'] !== undefined || this.simulation.canceled.has(id);
    return status === 'canceled' || (status === undefined && requested);
  }
}

// A run that another has started, and that was only awaited, need not end with it.
function ownChildren(world: World, id: string): readonly string[] {
  return (world.children.get(id) ?? []).filter((child) => world.runs.get(child)?.['parentRunId'] === id);
}

function goesOn(world: World, id: string): boolean {
  const { status, cancelRequestedAt } = world.runs.get(id) ?? {};
  return status !== undefined && !isTerminal(status as RunStatus) && cancelRequestedAt === undefined;
}
