import type { TimedEntry } from './journal.js';

const MOST_RUNS = 3;
const MOST_LINES = 80;

/** What the journal tells of the runs that problems name, with the faults of that time: a line per entry, in ms from the first. */
export function tell(problems: readonly string[], journal: readonly TimedEntry[]): string[] {
  const text = problems.join('\n');
  const named = new Set(journal.flatMap((entry) => ('run' in entry && text.includes(entry.run) ? [entry.run] : [])));
  return [...named].slice(0, MOST_RUNS).flatMap((run) => tellRun(run, journal));
}

function tellRun(run: string, journal: readonly TimedEntry[]): string[] {
  const isOfRun = (entry: TimedEntry): boolean => 'run' in entry && entry.run === run;
  const first = journal.findIndex(isOfRun);
  const last = journal.findLastIndex(isOfRun);
  const begin = journal[first]?.at ?? 0;
  const lines = journal
    .slice(Math.max(first, 0), last + 1)
    .filter((entry) => isOfRun(entry) || ['fault', 'healed', 'signal'].includes(entry.event))
    .map(
      ({ at, pid, ...entry }) => `${((at - begin) / 1_000).toFixed(2)} ms, process ${pid}: ${JSON.stringify(entry)}`,
    );
  return [`run ${run}:`, ...lines.slice(-MOST_LINES)];
}
