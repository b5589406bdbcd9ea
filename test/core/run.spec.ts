import { isTerminal, RUN_STATUSES, RUN_TRANSITIONS, TERMINAL_STATUSES, type RunStatus } from '../../lib/core/run.js';

describe('the life of a run', () => {
  it('knows every status, and what follows', () => {
    expect(Object.keys(RUN_TRANSITIONS).sort()).toEqual([...RUN_STATUSES].sort());
    for (const next of Object.values(RUN_TRANSITIONS))
      for (const status of next) expect(RUN_STATUSES).toContain(status);
  });

  it('ends as succeeded, failed or canceled, for ever', () => {
    expect(RUN_STATUSES.filter(isTerminal)).toEqual([...TERMINAL_STATUSES]);
    for (const status of TERMINAL_STATUSES) expect(RUN_TRANSITIONS[status]).toEqual([]);
  });

  it('can always be canceled, and always go on to an end', () => {
    for (const status of RUN_STATUSES.filter((each) => !isTerminal(each))) {
      expect(RUN_TRANSITIONS[status]).toContain('canceled');
      expect([...reachable(status)].filter(isTerminal).sort()).toEqual([...TERMINAL_STATUSES].sort());
    }
  });

  it('executes only what was queued', () => {
    const before = RUN_STATUSES.filter((status) => RUN_TRANSITIONS[status].includes('running'));
    expect(before).toEqual(['queued']);
  });
});

function reachable(from: RunStatus): ReadonlySet<RunStatus> {
  const found = new Set<RunStatus>([from]);
  for (const status of found) for (const next of RUN_TRANSITIONS[status]) found.add(next);
  return found;
}
