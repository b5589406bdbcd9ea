import type { StepStarted, TimedEntry } from './journal.js';

type Start = TimedEntry & StepStarted;

export interface StepFigures {
  readonly steps: number;
  /** Executed again, as what came of the first time was not stored. */
  readonly interrupted: number;
  readonly worstGapMs: number;
  /** Begun by a process that was frozen between the decision to begin and the begin, while another stored the step. */
  readonly frozenAtBegin: readonly string[];
}

/** A step must not start after it was known to be stored. */
export function judgeSteps(journal: readonly TimedEntry[]): { problems: string[]; figures: StepFigures } {
  const problems: string[] = [];
  const storedAt = new Map<string, number>();
  const startedAt = new Map<string, number>();
  const thawedAt = new Map<number, number>();
  let interrupted = 0;
  let worstGapMs = 0;
  const frozenAtBegin: string[] = [];
  for (const entry of journal) {
    if (entry.event === 'signal' && entry.signal === 'SIGCONT') thawedAt.set(entry.to, entry.at);
    if (entry.event !== 'step_started' && entry.event !== 'step_stored') continue;
    const step = `${entry.run} ${entry.step}`;
    if (entry.event === 'step_stored') {
      if (!storedAt.has(step)) storedAt.set(step, entry.at);
      continue;
    }
    if (storedAt.has(step)) {
      if (wasFrozenAtBegin(entry, storedAt.get(step) as number, thawedAt.get(entry.pid))) frozenAtBegin.push(step);
      else problems.push(`step ${step} started again after it was stored (process ${entry.pid})`);
    }
    const before = startedAt.get(step);
    if (before !== undefined) {
      interrupted++;
      worstGapMs = Math.max(worstGapMs, (entry.at - before) / 1_000);
    }
    startedAt.set(step, entry.at);
  }
  return {
    problems,
    figures: { steps: startedAt.size, interrupted, worstGapMs: Math.round(worstGapMs), frozenAtBegin },
  };
}

// No engine can look at its lease and do what it leaves open at one instant: the fence of the step is for that.
function wasFrozenAtBegin({ calledAt, at }: Start, storedAt: number, thawedAt = -Infinity): boolean {
  return calledAt < storedAt && calledAt < thawedAt && thawedAt < at;
}
