import { Script } from './script.js';

type Text = string;

/** Every script with the type of its reply; the files under `lua/` say what arguments they take. */
export const SCRIPTS = {
  adopt: new Script<number>('adopt'),
  cancel: new Script<Text>('cancel'),
  cascade: new Script<number>('cascade'),
  claim: new Script<ClaimReply>('claim'),
  cronAgenda: new Script<[leader: number, now: Text, nextDue: Text, heldMs: number, ...Text[]]>('cron-agenda'),
  cronTick: new Script<'fired' | 'planned' | 'skipped' | 'stale'>('cron-tick'),
  enqueue: new Script<(Text | number | null)[]>('enqueue'),
  expire: new Script<number>('expire'),
  extendLeases: new Script<number[]>('extend-leases'),
  finish: new Script<Text[]>('finish'),
  finishAndClaim: new Script<[...claim: ClaimReply, finished: Text[]]>('finish-and-claim'),
  findQueued: new Script<number[]>('find-queued'),
  inspectKeys: new Script<(Text | number)[]>('inspect-keys'),
  inspectMembers: new Script<Text[]>('inspect-members'),
  inspectPointers: new Script<(Text | null)[]>('inspect-pointers'),
  inspectRuns: new Script<(Text | number)[][]>('inspect-runs'),
  inspectSlots: new Script<[limit: Text, holders: number, parked: number, ready: number]>('inspect-slots'),
  inspectSteps: new Script<[status: Text, size: number, ...Text[]][]>('inspect-steps'),
  inspectTriggers: new Script<number[]>('inspect-triggers'),
  inspectWaits: new Script<
    [state: 'moved' | 'asleep' | 'waiting', woken: number, pending: number, ...(Text | number)[]]
  >('inspect-waits'),
  inspectWorkflows: new Script<(Text | number)[]>('inspect-workflows'),
  listRuns: new Script<(Text | Text[])[]>('list-runs'),
  promote: new Script<[promoted: number, now: Text, nextDue: Text]>('promote'),
  reclaim: new Script<[now: Text, nextDeadline: Text, more: number, recovered: number, ...Text[]]>('reclaim'),
  recordSteps: new Script<number[]>('record-steps'),
  release: new Script<'released' | 'unregistered' | 'lost'>('release'),
  removeStaleWorkflows: new Script<Text[]>('remove-stale-workflows'),
  repairRun: new Script<number>('repair-run'),
  resignCron: new Script<number>('resign-cron'),
  spawnChildren: new Script<(Text | number)[]>('spawn-children'),
  suspend: new Script<Text[]>('suspend'),
  syncWorkflow: new Script<number>('sync-workflow'),
  touchWorkflows: new Script<number>('touch-workflows'),
  watchRuns: new Script<(Text | null)[]>('watch-runs'),
} as const;

export type ClaimReply = [
  now: Text,
  nextDue: Text,
  more: number,
  orphans: number,
  nextDeadline: Text,
  runs: (Text | Text[] | null)[],
];
