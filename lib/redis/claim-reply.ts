import type { Claim, ClaimedRun, ClaimRequest } from '../core/store.js';
import { optionalNumber, toFields, toHistory } from './records.js';
import { strangeReply } from './script.js';
import type { ClaimReply } from './scripts.js';

type Entries = ClaimReply[6];
type Optional = string | null;

/**
 * What `include/claim-runs.lua` answers.
 *
 * @throws ConnectionError for what it cannot have answered
 */
export function toClaim(
  [now, nextDue, more, standsBy, orphans, nextDeadline, entries]: readonly [...ClaimReply, ...unknown[]],
  { token }: ClaimRequest,
): Claim {
  if (!Array.isArray(entries)) throw strangeReply('claim');
  return {
    now: Number(now),
    nextDueAt: optionalNumber(nextDue),
    more: more === 1,
    standsBy: standsBy === 1,
    orphans: orphans === 1,
    nextDeadline: optionalNumber(nextDeadline),
    runs: toClaimedRuns(entries, token, Number(now)),
  };
}

const NO_HISTORY = { steps: [], outcomes: [] } as const;
const LIKE_THE_FORMER = '=';
const ENTRIES_OF_WHOLE = 9;
const ENTRIES_OF_LIKE = 4;

function toClaimedRuns(entries: Entries, token: string, now: number): ClaimedRun[] {
  const runs: ClaimedRun[] = [];
  for (let at = 0; at < entries.length;) {
    const isLike = entries[at] === LIKE_THE_FORMER;
    const end = at + (isLike ? ENTRIES_OF_LIKE : ENTRIES_OF_WHOLE);
    const former = runs.at(-1);
    if (end > entries.length || (isLike && !former)) throw strangeReply('claim');
    runs.push(
      isLike ? toRunLike(former as ClaimedRun, entries, at, now) : toWholeRun(entries.slice(at, end), token, now),
    );
    at = end;
  }
  return runs;
}

// Most are: no array is made for each of them.
function toRunLike(former: ClaimedRun, entries: Entries, at: number, now: number): ClaimedRun {
  const { token, workflow, queue, maxAttempts } = former;
  return {
    id: entries[at + 1] as string,
    token,
    workflow,
    queue,
    input: (entries[at + 3] as Optional) ?? undefined,
    attempt: 1,
    maxAttempts,
    createdAt: Number(entries[at + 2]),
    startedAt: now,
    ...NO_HISTORY,
  };
}

function toWholeRun(entries: Entries, token: string, now: number): ClaimedRun {
  const [id, createdAt, input, workflow, queue] = entries as [string, string, Optional, string, string];
  const [maxAttempts, attempt, startedAt] = entries.slice(5) as [Optional, Optional, Optional];
  const history = entries[8] as string[] | null;
  return {
    id,
    token,
    workflow,
    queue,
    input: input ?? undefined,
    attempt: Number(attempt ?? 1),
    maxAttempts: Number(maxAttempts ?? 1),
    createdAt: Number(createdAt),
    startedAt: Number(startedAt ?? now),
    ...(history ? toHistory(toFields(history)) : NO_HISTORY),
  };
}
